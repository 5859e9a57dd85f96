"""Parameters from a YAML file and from ``--set``, for every command that takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from app.parameters.yaml_file import yaml_node
from app.redaction import refuse_secrets
from app.symbol_list import listed_symbols
from engine.domain.errors import ConfigError
from engine.domain.parameters import Parameters, parameters_from

_LISTS_OF_SYMBOLS = frozenset(
    name for name, field in Parameters.model_fields.items() if field.annotation == tuple[str, ...]
)


def load_parameters(file: Path | None, settings: Sequence[str] | None = None) -> Parameters:
    """Return the defaults, changed by a file, changed by ``key=value`` settings.

    Raises
    ------
    ConfigError
        The file cannot be read, is no flat YAML mapping, or holds an impossible parameter or a
        secret, which every run would keep.
    """
    values = {} if file is None else read_values(file)
    settings = [_with_listed_symbols(each) for each in settings or ()]
    told = {f"parameter {key}": str(value) for key, value in values.items()}
    told |= {f"--set {text.partition('=')[0]}": text for text in settings}
    refuse_secrets(told)
    try:
        return parameters_from(values, settings)
    except ConfigError as error:
        raise error if file is None else ConfigError(f"{error} (parameters from {file})") from error


def changed_values(settings: Sequence[str]) -> dict[str, Any]:
    """Return the new values of ``KEY=VALUE`` arguments.

    Raises
    ------
    ConfigError
        One of them is none, or a key is given twice.
    """
    values: dict[str, Any] = {}
    for text in map(_with_listed_symbols, settings):
        key, equals, value = (part.strip() for part in text.partition("="))
        if not key or not equals:
            raise ConfigError(f"expected KEY=VALUE, found {text!r}: write {key or 'KEY'}=VALUE")
        if key in values:
            raise ConfigError(f"{key} is given twice, the second time as {text!r}: keep one")
        values[key] = value
    return values


def _with_listed_symbols(setting: str) -> str:
    """Return a setting with the symbols of a file in the place of its ``@FILE``."""
    key, equals, value = setting.partition("=")
    if not (equals and "@" in value) or key.strip() not in _LISTS_OF_SYMBOLS:
        return setting
    return f"{key}={','.join(listed_symbols(value, f'--set {key}'))}"


def read_values(file: Path) -> dict[str, object]:
    """Return what a file says, as text by whatever spelling it has.

    Raises
    ------
    ConfigError
        The file cannot be read or is no flat YAML mapping.
    """
    document = yaml_node(file, "parameter file")
    if document is None:
        return {}
    if not isinstance(document, yaml.MappingNode):
        raise ConfigError(
            f"parameter file {file} must hold lines 'name: value', as 'min_ac_z: 3'; "
            "'tradectl params export' writes one"
        )
    return _mapping(document, file)


def _mapping(document: yaml.MappingNode, file: Path) -> dict[str, object]:
    """Return the values as text: YAML's own types would read 15:30 as 930 and off as false."""
    values: dict[str, object] = {}
    for key, value in document.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"line {line} of {file} has a key that is no name")
        if key.value in values:
            raise ConfigError(f"{key.value} is given twice in {file}, again in line {line}")
        if isinstance(value, yaml.MappingNode):
            raise ConfigError(f"{key.value} in line {line} of {file} holds keys, expected a value")
        if _holds_more(value):
            raise ConfigError(f"{key.value} in line {line} of {file} holds lists, expected values")
        values[key.value] = _text(value)
    return values


def _holds_more(node: yaml.Node) -> bool:
    """Say whether a list holds anything but values."""
    items = node.value if isinstance(node, yaml.SequenceNode) else []
    return not all(isinstance(item, yaml.ScalarNode) for item in items)


def _text(node: yaml.Node) -> str:
    """Return a scalar, or a list as --set would have it: with commas."""
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return ",".join(str(item.value) for item in items)
