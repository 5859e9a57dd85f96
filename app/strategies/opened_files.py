"""The files that a strategy opens while it is asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_notes: list[list[str]] = []
_hook: list[bool] = []


@contextmanager
def noting(opened: list[str]) -> Iterator[None]:
    """Note what this process opens: Python tells a hook, and a hook cannot be taken back."""
    if not _hook:
        sys.addaudithook(_hear)
        _hook.append(True)
    _notes.append(opened)
    try:
        yield
    finally:
        _notes.pop()


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _notes and isinstance(arguments[0], str):
        name = arguments[0]
        if not name.endswith((".py", ".pyc", ".so", ".nbi", ".nbc")):
            _notes[-1].append(name)
