"""Hop 6, read side: the parameters of a run as rows to read, the changed ones marked."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.parameters import Parameters, parameter_extra


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
