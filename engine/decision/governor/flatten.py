"""The flatten ladder: entries cancelled, trades closed, flat verified, or an alarm."""

from __future__ import annotations

from enum import StrEnum

from engine.decision.governor.day_windows import cancel_entries_ns, flatten_ns, verify_flat_ns
from engine.decision.governor.state import GovernorState, OpenTrade
from engine.domain.facts import Alarm, AlarmRaised, FlatVerified
from engine.domain.parameters import Parameters
from engine.domain.session import Session


class FlattenStep(StrEnum):
    """How far the day has climbed down; each step includes those before it."""

    CANCEL = "cancel"
    EXIT = "exit"
    VERIFY = "verify"


def flatten_step(ts: int, params: Parameters, session: Session) -> FlattenStep | None:
    """Return the step of the ladder that an instant (UTC ns) lies on, None before the first."""
    if ts >= verify_flat_ns(params, session):
        return FlattenStep.VERIFY
    if ts >= flatten_ns(params, session):
        return FlattenStep.EXIT
    return FlattenStep.CANCEL if ts >= cancel_entries_ns(params, session) else None


def entry_cancel_due(
    trade: OpenTrade, governor: GovernorState, ts: int, params: Parameters, session: Session
) -> bool:
    """Say whether an entry that has not been filled must be cancelled at an instant."""
    standing = governor.standing
    ordered = standing.cancels_entries or standing.closes(trade.trade_id, trade.symbol)
    return ordered or flatten_step(ts, params, session) is not None


def flatness_due(
    governor: GovernorState,
    live: frozenset[str],
    ts: int,
    params: Parameters,
    session: Session,
) -> FlatVerified | AlarmRaised | None:
    """Return what is to be recorded of the day's end at an instant; None when all is said.

    Parameters
    ----------
    live : frozenset of str
        Symbols on which, as the venue has it, an order works or a position is held.
    """
    step = flatten_step(ts, params, session)
    if step not in (FlattenStep.EXIT, FlattenStep.VERIFY):
        return None
    busy = sorted(live | {trade.symbol for trade in governor.open_trades})
    if not busy:
        return None if governor.flat else FlatVerified(None)
    if step is FlattenStep.VERIFY and Alarm.NOT_FLAT not in governor.alarms:
        late = f"{params.flatten_verify_seconds} s after flatten_by {params.flatten_by} ET"
        return AlarmRaised(Alarm.NOT_FLAT, f"{', '.join(busy)} not flat {late}")
    return None
