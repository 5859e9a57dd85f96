"""A wish to change parameters → the fact of a new version, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from engine.domain.errors import ConfigError
from engine.domain.facts import ParamChange, ParamsChanged, ParamsWithdrawn
from engine.domain.parameters import (
    Parameters,
    canonical_names,
    parameter_extra,
    parameters_from,
)
from engine.domain.parameters.versions import FIRST, ParameterHistory
from engine.domain.session import day_of, is_session, new_york_clock, session

_AT_RESTART = ("no", "restart")
_STEP_UP = ("step_up_raised", "step_up_loosened")


class ChangeRefusal(StrEnum):
    """Why parameters stay as they are."""

    NO_REASON = "no_reason"
    STALE_BASE = "stale_base"
    BREAKS_A_RULE = "breaks_a_rule"
    CHANGES_NOTHING = "changes_nothing"
    IN_THE_PAST = "in_the_past"
    NEEDS_RESTART = "needs_restart"
    NO_SUCH_VERSION = "no_such_version"


class ChangeRefused(msgspec.Struct, frozen=True):
    """Nothing was changed, and why; ``since`` are the versions the asker had not seen."""

    reason: ChangeRefusal
    detail: str
    since: tuple[ParamsChanged, ...] = ()


def open_desk(params: Parameters, now: int, who: str, because: str) -> ParamsChanged:
    """Return version 1 of a desk: every parameter with the value it starts with."""
    changes = tuple(
        ParamChange(name, None, value) for name, value in params.model_dump(mode="json").items()
    )
    return ParamsChanged(FIRST, now, changes, params.params_hash(), who, because, stepped_up=False)


def propose(
    history: ParameterHistory,
    values: Mapping[str, object],
    *,
    base: int,
    now: int,
    who: str,
    because: str,
    stepped_up: bool = False,
    effective_ns: int | None = None,
) -> ParamsChanged | ChangeRefused:
    """Return the next version: all of the changes, or none.

    Parameters
    ----------
    values : mapping
        New values by name in any spelling; those that are in force already are passed over.
    base : int
        The newest version the asker has seen; anything newer refuses the change.
    now : int
        UTC ns.
    who, because : str
        A person or service, and the reason, which must be given.
    stepped_up : bool
        Whether the door that asks has had them prove who they are: without it nothing is loosened.
    effective_ns : int, optional
        Instant from which on it is to hold, rounded up to the end of a bucket; the next one by
        default. Parameters that need a restart may only change between two sessions.
    """
    if not because.strip():
        return ChangeRefused(ChangeRefusal.NO_REASON, "say why: a change needs a reason")
    since = history.since(base)
    if since:
        seen = f"version {history.latest} is newer than version {base}, which you looked at"
        return ChangeRefused(ChangeRefusal.STALE_BASE, f"{seen}: look again", since)
    starts = next_boundary(history.at(now), now)
    if effective_ns is not None:
        if effective_ns <= now:
            late = f"it was to hold from {new_york_clock(effective_ns)} on"
            already = f"it is {new_york_clock(now)} New York already: choose a later instant"
            return ChangeRefused(ChangeRefusal.IN_THE_PAST, f"{late}, and {already}")
        starts = next_boundary(history.at(effective_ns), effective_ns - 1)
    before = history.at(starts)
    try:
        after = parameters_from(before.model_dump(mode="json") | canonical_names(values))
        changes = differences(before, after)
        proposed = ParamsChanged(
            history.latest + 1, starts, changes, after.params_hash(), who, because, stepped_up
        )
        history.after(proposed)
    except (ConfigError, ValueError) as error:
        return ChangeRefused(ChangeRefusal.BREAKS_A_RULE, str(error))
    if not changes:
        return ChangeRefused(ChangeRefusal.CHANGES_NOTHING, "all of it is in force already")
    waiting = [change.name for change in changes if takes(change.name) in _AT_RESTART]
    if waiting and _in_session(starts):
        return ChangeRefused(
            ChangeRefusal.NEEDS_RESTART,
            f"{', '.join(waiting)} cannot change during a session: "
            "schedule it for after the close or before the next open",
        )
    return proposed


def roll_back(
    history: ParameterHistory,
    version: int,
    *,
    base: int,
    now: int,
    who: str,
    because: str,
    stepped_up: bool = False,
) -> ParamsChanged | ChangeRefused:
    """Return a new version in which everything is as it was in an earlier one."""
    earlier = history.version(version)
    if earlier is None or earlier.start_ns > now:
        known = f"expected one that has been in force, 1 to {history.latest}"
        return ChangeRefused(ChangeRefusal.NO_SUCH_VERSION, f"version {version}: {known}")
    values = earlier.params.model_dump(mode="json")
    return propose(
        history, values, base=base, now=now, who=who, because=because, stepped_up=stepped_up
    )


def withdraw(
    history: ParameterHistory, version: int, *, now: int, who: str, because: str
) -> ParamsWithdrawn | ChangeRefused:
    """Return the fact that takes a scheduled version back."""
    if not because.strip():
        return ChangeRefused(ChangeRefusal.NO_REASON, "say why: a withdrawal needs a reason")
    scheduled = [change.version for change in history.scheduled(now)]
    if version not in scheduled:
        known = ", ".join(map(str, scheduled)) or "none"
        detail = f"version {version} is not scheduled; scheduled are: {known}"
        return ChangeRefused(ChangeRefusal.NO_SUCH_VERSION, detail)
    withdrawn = ParamsWithdrawn(version, who, because)
    try:
        history.after(withdrawn)
    except ConfigError as error:
        detail = f"a later version rests on version {version}: {error}"
        return ChangeRefused(ChangeRefusal.BREAKS_A_RULE, detail)
    return withdrawn


def next_boundary(params: Parameters, ts: int) -> int:
    """Return the first end of a bucket after an instant, UTC ns."""
    return (ts // params.bucket_ns + 1) * params.bucket_ns


def differences(before: Parameters, after: Parameters) -> tuple[ParamChange, ...]:
    """Return what differs between two sets of parameters, in the order of the schema."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return tuple(ParamChange(name, old[name], new[name]) for name in old if old[name] != new[name])


def takes(name: str) -> str:
    """Return what a change to a running engine takes; see ``parameter_rows.Hot``."""
    return str(parameter_extra(name)["hot"])


def step_ups(changes: Sequence[ParamChange]) -> tuple[str, ...]:
    """Return the parameters for which the operator must prove who they are.

    These are limits that are raised or switched off, and live trading.
    """
    return tuple(change.name for change in changes if _needs_step_up(change))


def unproved(change: ParamsChanged) -> tuple[str, ...]:
    """Return what a version loosens although nobody proved who they are; it must not be taken."""
    return () if change.stepped_up else step_ups(change.changes)


def _needs_step_up(change: ParamChange) -> bool:
    if change.name == "alpaca_trading_mode":
        return bool(change.new == "live")
    if takes(change.name) not in _STEP_UP or change.old is None:
        return False
    return change.new is None or bool(change.new > change.old)


def _in_session(ts: int) -> bool:
    """Say whether a bucket of a trading day ends at an instant, pre-market included."""
    day = day_of(ts)
    if not is_session(day):
        return False
    hours = session(day)
    return hours.pre_market_ns < ts <= hours.close_ns
