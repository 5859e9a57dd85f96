"""Hop 6: payloads as they were written once → the shape of today."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.domain.errors import JournalError

type Body = dict[str, Any]
"""A payload as JSON, its ``kind`` included."""


def _plan_names_its_exits_and_parameters(body: Body) -> Body:
    return body | {"max_hold_secs": None, "trailing_stop_percent": None, "params_version": 1}


STEPS: Mapping[str, Sequence[Callable[[Body], Body]]] = {
    "bracket_planned": (_plan_names_its_exits_and_parameters,),
}
"""By kind, how a payload of version 1, 2, … becomes one of the next; most kinds never changed."""


def present_version(kind: str) -> int:
    """Return the version in which payloads of a kind are written today."""
    return 1 + len(STEPS.get(kind, ()))


def upcast(kind: str, version: int, body: Body) -> Body:
    """Return a payload of an earlier version in the shape of today.

    Raises
    ------
    JournalError
        The version is not one that was ever written up to now.
    """
    present = present_version(kind)
    if not 1 <= version <= present:
        raise JournalError(
            f"expected a {kind} of version 1 to {present}, found {version}: "
            "read this journal with the tradectl that wrote it, or a newer one"
        )
    for step in STEPS.get(kind, ())[version - 1 :]:
        body = step(body)
    return body
