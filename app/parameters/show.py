"""The parameters to be read: every one with its range and meaning, their versions, a file's."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
from pydantic.alias_generators import to_camel

from app.figures import shown_value
from app.parameters.desk import read_desk
from app.parameters.desk_values import asked_parameters
from app.parameters.file import load_parameters
from engine.domain.errors import ConfigError, NotFoundError
from engine.domain.facts import ParamChange, ParamsChanged
from engine.domain.parameters import (
    Parameters,
    parameter_extra,
    parameter_group,
    parameter_name,
)
from engine.domain.parameters.changes import differences
from engine.domain.parameters.rows import ParameterGroup
from engine.domain.parameters.versions import ParameterHistory, Stretch


class ParameterRow(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter; ``range`` is how its limits or choices are written."""

    group: str
    name: str
    alias: str
    value: Any
    default: Any
    minimum: float | None
    maximum: float | None
    range: str
    unit: str
    hot: str
    help: str


class ShownParameters(msgspec.Struct, frozen=True):
    """All parameters, in groups, and what they become; ``version`` is None for those of a file."""

    version: int | None
    params_hash: str
    scan_hash: str
    parameters: tuple[ParameterRow, ...]
    coming: tuple[ComingChange, ...] = ()


class ComingChange(msgspec.Struct, frozen=True):
    """A change of one parameter that is kept, and takes effect at ``effective_ns`` (UTC)."""

    version: int
    effective_ns: int
    name: str
    value: Any


class ShownParameter(msgspec.Struct, frozen=True):
    """One parameter as a version has it, and what it becomes, by version."""

    version: int
    row: ParameterRow
    coming: tuple[ComingChange, ...] = ()

    def told(self) -> dict[str, Any]:
        """Return it by name, in one level."""
        coming = msgspec.to_builtins(self.coming)
        return {"version": self.version, **msgspec.to_builtins(self.row), "coming": coming}


class VersionDifference(msgspec.Struct, frozen=True):
    """What differs between two versions."""

    before: int
    after: int
    changes: tuple[ParamChange, ...]


class KeptVersion(msgspec.Struct, frozen=True):
    """A version after the first, and whether it was withdrawn."""

    change: ParamsChanged
    withdrawn: bool

    def told(self) -> dict[str, Any]:
        """Return it by name, in one level."""
        return msgspec.to_builtins(self.change) | {"withdrawn": self.withdrawn}


class ExportedParameters(msgspec.Struct, frozen=True):
    """A version as a parameter file has it, ``file`` None where none was written."""

    version: int
    file: str | None
    parameters: dict[str, Any]
    text: str


class CheckedParameters(msgspec.Struct, frozen=True):
    """A file that is right, and its values that are not the defaults."""

    status: str
    file: str
    changed: dict[str, Any]
    params_hash: str
    scan_hash: str


def shown_parameters(
    database: str, version: int | None, file: Path | None, settings: Sequence[str] | None
) -> ShownParameters:
    """Return every parameter of a version, or of a file and settings where some are given.

    Raises
    ------
    NotFoundError
        There is no such version.
    ConfigError
        The file or a setting is not right; see ``load_parameters``.
    """
    if file is not None or settings:
        return _shown(None, asked_parameters(file, settings, database))
    history = read_desk(database)
    stretch = _stretch(history, version)
    shown = _shown(stretch.version, stretch.params)
    return msgspec.structs.replace(shown, coming=_coming(history, version))


def shown_parameter(database: str, version: int | None, key: str) -> ShownParameter:
    """Return one parameter of a version, by any spelling.

    Raises
    ------
    ConfigError
        There is no such parameter.
    NotFoundError
        There is no such version.
    """
    try:
        name = parameter_name(key)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    history = read_desk(database)
    stretch = _stretch(history, version)
    row = next(row for row in parameter_rows(stretch.params) if row.name == name)
    coming = tuple(each for each in _coming(history, version) if each.name == name)
    return ShownParameter(stretch.version, row, coming)


def version_difference(database: str, before: int, after: int | None) -> VersionDifference:
    """Return what differs between two versions, the later one that in force now by default.

    Raises
    ------
    NotFoundError
        There is no such version.
    """
    history = read_desk(database)
    old, new = _stretch(history, before), _stretch(history, after)
    return VersionDifference(old.version, new.version, tuple(differences(old.params, new.params)))


def kept_versions(database: str) -> tuple[KeptVersion, ...]:
    """Return the versions after the first, the newest first."""
    known = read_desk(database)
    return tuple(
        KeptVersion(change, change.version in known.withdrawn) for change in known.changed[::-1]
    )


def exported_parameters(
    database: str, version: int | None, file: Path | None
) -> ExportedParameters:
    """Return a version as text for a parameter file, and write it where one is named.

    Raises
    ------
    NotFoundError
        There is no such version.
    OSError
        The file cannot be written.
    """
    stretch = _stretch(read_desk(database), version)
    rows = parameter_rows(stretch.params)
    lines = [f"{row.name}: {_yaml_value(row.value)}" for row in rows]
    text = "\n".join([f"# version {stretch.version}", *lines, ""])
    if file is not None:
        file.write_text(text, encoding="utf-8")
    values = {row.name: row.value for row in rows}
    return ExportedParameters(stretch.version, file and str(file), values, text)


def checked_parameters(file: Path, settings: Sequence[str] | None) -> CheckedParameters:
    """Return what a file changes of the defaults; raises as ``load_parameters``."""
    shown = _shown(None, load_parameters(file, settings))
    changed = {row.name: row.value for row in shown.parameters if row.value != row.default}
    return CheckedParameters("ok", str(file), changed, shown.params_hash, shown.scan_hash)


def parameter_rows(parameters: Parameters) -> tuple[ParameterRow, ...]:
    """Return a row for each parameter, by group."""
    values = parameters.model_dump(mode="json")
    defaults = Parameters().model_dump(mode="json")
    fields, order = Parameters.model_fields, list(ParameterGroup)
    rows: list[ParameterRow] = []
    for name in sorted(fields, key=lambda each: order.index(parameter_group(each))):
        extra = parameter_extra(name)
        low, high = extra.get("minimum"), extra.get("maximum")
        rows.append(
            ParameterRow(
                group=extra["group"],
                name=name,
                alias=to_camel(name),
                value=values[name],
                default=defaults[name],
                minimum=low,
                maximum=high,
                range=_choices(fields[name].annotation) if low is None else f"{low:g} – {high:g}",
                unit=extra["unit"],
                hot=extra["hot"],
                help=fields[name].description or "",
            )
        )
    return tuple(rows)


def _shown(version: int | None, parameters: Parameters) -> ShownParameters:
    return ShownParameters(
        version, parameters.params_hash(), parameters.scan_hash(), parameter_rows(parameters)
    )


def _stretch(known: ParameterHistory, version: int | None) -> Stretch:
    """Return a version by number, or the one in force now."""
    if version is None:
        return known.in_force(time.time_ns())
    found = known.version(version)
    if found is None:
        raise NotFoundError(_not_there(known, version))
    return found


def _not_there(known: ParameterHistory, version: int) -> str:
    """Return why a version cannot be shown, and which ones can."""
    if version in known.withdrawn:
        return (
            f"version {version} was withdrawn before it took effect; see 'tradectl params history'"
        )
    numbers = f"1 to {known.latest}" if known.latest > 1 else "1 alone, the defaults"
    return f"there is no version {version}, but {numbers}; see 'tradectl params history'"


def _coming(known: ParameterHistory, version: int | None) -> tuple[ComingChange, ...]:
    """Return what is kept and not in force yet; nothing beside a version that was asked for."""
    scheduled = () if version is not None else known.scheduled(time.time_ns())
    return tuple(
        ComingChange(each.version, each.effective_ns, change.name, change.new)
        for each in scheduled
        for change in each.changes
    )


def _yaml_value(value: object) -> str:
    match value:
        case None:
            return "off"
        case list():
            return f"[{shown_value(value)}]"  # pyright: ignore[reportUnknownArgumentType]
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _choices(annotation: object) -> str:
    if get_origin(annotation) is Literal:
        return " ".join(get_args(annotation))
    return "true false" if annotation is bool else ""
