"""YAML files that people write, read so that they have one meaning and cost next to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from yaml.composer import ComposerError

from engine.domain.errors import ConfigError

_LARGEST_BYTES = 1 << 20
_DEEPEST = 16


class _Loader(yaml.BaseLoader):
    """Texts, lists and mappings; no aliases, of which a few lines make billions, and no depths."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise ComposerError(None, None, "aliases are not taken: write the value out", mark)
        if self._depth == _DEEPEST:
            raise ComposerError(None, None, f"nested deeper than {_DEEPEST} levels", mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def yaml_node(file: Path, what: str) -> yaml.Node | None:
    """Return the document of a YAML file as a node, None of an empty one.

    Raises
    ------
    ConfigError
        It is missing, cannot be read, is no YAML, or has aliases, more than 1 MiB or 16 levels;
        ``what`` says what file it is, such as ``parameter file``.
    """
    try:
        with file.open("rb") as source:
            content = source.read(_LARGEST_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError(f"there is no {what} {file}: give another") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{what} {file} cannot be read: {error}") from error
    if len(content) > _LARGEST_BYTES:
        raise ConfigError(f"{what} {file} has more than {_LARGEST_BYTES:,} bytes: give another")
    try:
        loader = _Loader(content.decode())
        return loader.get_single_node()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{what} {file} cannot be read: {error}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"{what} {file} is no YAML: {error}") from error


def yaml_value(file: Path, what: str) -> Any:
    """Return the document of a YAML file as texts, lists and dicts; raises as ``yaml_node``."""
    node = yaml_node(file, what)
    try:
        return None if node is None else _Loader("").construct_document(node)
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise ConfigError(f"{what} {file} is no YAML: {error}") from error
