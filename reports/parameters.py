"""The parameters of a run as rows to read, the changed ones marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.domain.parameters import Parameters, parameter_extra
from engine.domain.parameters.changes import differences
from engine.domain.parameters.versions import Stretch


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One parameter; value and default as they are written in YAML, ``off`` where there is none."""

    name: str
    value: str
    default: str
    unit: str
    meaning: str

    @property
    def changed(self) -> bool:
        """Whether the run departs from the default."""
        return self.value != self.default


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version that came into force during the run: from when on (UTC ns), and what it changed."""

    version: int
    start_ns: int
    changes: str


def parameter_rows(params: Parameters) -> list[ParameterRow]:
    """Return every parameter in the order of the schema."""
    values, defaults = params.model_dump(mode="json"), Parameters().model_dump(mode="json")
    return [
        ParameterRow(
            name,
            _written(values[name]),
            _written(defaults[name]),
            parameter_extra(name)["unit"],
            field.description or "",
        )
        for name, field in Parameters.model_fields.items()
    ]


def version_rows(params: Parameters, changes: Sequence[Stretch]) -> list[VersionRow]:
    """Return the versions that followed ``params`` during a run, in order."""
    before = (params, *(each.params for each in changes))
    return [
        VersionRow(
            each.version,
            each.start_ns,
            ", ".join(
                f"{made.name} {_written(made.old)} → {_written(made.new)}"
                for made in differences(old, each.params)
            ),
        )
        for old, each in zip(before, changes, strict=False)
    ]


def _written(value: object) -> str:
    match value:
        case None:
            return "off"
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(str, value))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case _:
            return str(value)
