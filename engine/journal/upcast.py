"""Payloads as they were written once → the shape of today."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.domain.errors import JournalError

type Body = dict[str, Any]
"""A payload as JSON, its ``kind`` included."""


def _plan_names_its_exits_and_parameters(body: Body) -> Body:
    return body | {"max_hold_secs": None, "trailing_stop_percent": None, "params_version": 1}


def _change_says_whether_it_was_stepped_up(body: Body) -> Body:
    # no door took a change that needed a step-up without one
    return body | {"stepped_up": True}


def _command_says_through_which_door_it_came(body: Body) -> Body:
    from_desk = body["source"] == "parameter desk"
    channel = "parameter_desk" if from_desk else "command_log"
    return body | {"channel": channel, "stepped_up": from_desk}


STEPS: Mapping[str, Sequence[Callable[[Body], Body]]] = {
    "bracket_planned": (_plan_names_its_exits_and_parameters,),
    "command_received": (_command_says_through_which_door_it_came,),
    "params_changed": (_change_says_whether_it_was_stepped_up,),
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
