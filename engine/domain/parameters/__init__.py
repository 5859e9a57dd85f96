"""The one typed schema of parameters, and how its values change during a run."""

from engine.domain.parameters.schema import (
    Parameters,
    canonical_names,
    parameter_extra,
    parameter_group,
    parameter_name,
    parameters_from,
)

__all__ = [
    "Parameters",
    "canonical_names",
    "parameter_extra",
    "parameter_group",
    "parameter_name",
    "parameters_from",
]
