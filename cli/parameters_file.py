"""Roof: parameters from a YAML file and from ``--set``, for every command that takes them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import yaml

from cli.redaction import known_secrets
from engine.domain.errors import ConfigError
from engine.domain.parameters import Parameters, parameters_from

_UNMISTAKABLE = 8
"""Characters from which on a secret is no number or name by chance."""


def load_parameters(file: Path | None, settings: Sequence[str] | None = None) -> Parameters:
    """Return the defaults, changed by a file, changed by ``key=value`` settings.

    Raises
    ------
    ConfigError
        The file cannot be read, is no flat YAML mapping, or holds an impossible parameter or a
        secret, which every run would keep.
    """
    values = {} if file is None else read_values(file)
    _refuse_secrets([*map(str, values.values()), *(settings or ())])
    try:
        return parameters_from(values, settings or ())
    except ConfigError as error:
        raise error if file is None else ConfigError(f"{error} (parameters from {file})") from error


def _refuse_secrets(texts: Sequence[str]) -> None:
    for secret in known_secrets(os.environ):
        if len(secret) >= _UNMISTAKABLE and any(secret in text for text in texts):
            raise ConfigError(
                "a parameter holds the value of a secret of the environment; secrets have no place "
                "among parameters: every run keeps them"
            )


def read_values(file: Path) -> dict[str, object]:
    """Return what a file says, as text by whatever spelling it has.

    Raises
    ------
    ConfigError
        The file cannot be read or is no flat YAML mapping.
    """
    try:
        document = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except FileNotFoundError as error:
        raise ConfigError(f"there is no parameter file {file}; check --params") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"parameter file {file} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"parameter file {file} is no YAML: {error}") from error
    if document is None:
        return {}
    if not isinstance(document, yaml.MappingNode):
        raise ConfigError(f"parameter file {file} must hold lines 'name: value'")
    return _mapping(document, file)


def _mapping(document: yaml.MappingNode, file: Path) -> dict[str, object]:
    """Return the values as text: YAML's own types would read 15:30 as 930 and off as false."""
    values: dict[str, object] = {}
    for key, value in document.value:
        line = key.start_mark.line + 1
        if key.value in values:
            raise ConfigError(f"{key.value} is given twice in {file}, again in line {line}")
        if isinstance(value, yaml.MappingNode):
            raise ConfigError(f"{key.value} in line {line} of {file} holds keys, expected a value")
        values[key.value] = _text(value)
    return values


def _text(node: yaml.Node) -> str:
    """Return a scalar, or a list as --set would have it: with commas."""
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return ",".join(str(item.value) for item in items)
