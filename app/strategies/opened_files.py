"""The files that a strategy opens while it is asked."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

_notes: dict[int, list[str]] = {}
"""What is noted, by the thread that asks a strategy: the market is read by others meanwhile."""

_hook: list[bool] = []

_CODE = re.compile(r"\.(py|pyc|so)$|/__pycache__(/|$)|\.nb[ic](\.tmp\.\w+)?$|/[^/]+_[0-9a-f]{40}$")
"""Python's, and what numba keeps of what it has compiled, in whatever folder it keeps that."""


@contextmanager
def noting(opened: list[str]) -> Iterator[None]:
    """Note what this thread opens: Python tells a hook, and a hook cannot be taken back."""
    if not _hook:
        sys.addaudithook(_hear)
        _hook.append(True)
    _notes[get_ident()] = opened
    try:
        yield
    finally:
        del _notes[get_ident()]


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    opened = _notes.get(get_ident()) if event == "open" else None
    if opened is not None and isinstance(arguments[0], str):
        name = arguments[0]
        if not _CODE.search(name):
            opened.append(name)
