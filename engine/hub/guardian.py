"""What the clock and the day's limits make due, and when nothing is."""

from __future__ import annotations

from engine.decision import entry_cancel_due, exit_due
from engine.decision.governor_state import GovernorState, OpenTrade
from engine.domain.facts import ExitReason
from engine.domain.parameters import Parameters
from engine.domain.session import Session
from engine.hub.books import LiveTrade
from engine.hub.desk import Desk


def cancels_entry(desk: Desk, trade: LiveTrade, ts: int) -> bool:
    """Say whether an entry that was not filled has to be cancelled at an instant (UTC ns)."""
    waited_ns = ts - trade.ts_planned
    is_late = waited_ns > desk.history.at(ts).bucket_ns
    return is_late or entry_cancel_due(*_day(desk, trade, ts))


def exit_reason(desk: Desk, trade: LiveTrade, ts: int) -> ExitReason | None:
    """Return why an open trade has to be closed at an instant (UTC ns), None if it may stay."""
    return exit_due(*_day(desk, trade, ts))


def is_quiet(desk: Desk, ts: int) -> bool:
    """Say whether the clock alone brings nothing by an instant to come (UTC ns).

    Whoever relies on it asks again after each event: a fill, a bucket, a command.
    """
    said_flat = desk.governor.flat and not desk.governor.standing.underway
    if (desk.must_verify(ts) and not said_flat) or desk.moves_by_clock(ts):
        return False
    return not any(_is_due(desk, trade, ts) for trade in desk.trades.values())


def _is_due(desk: Desk, trade: LiveTrade, ts: int) -> bool:
    if trade.exit_reason is not None:
        return True
    if not trade.is_open:
        return cancels_entry(desk, trade, ts)
    return exit_reason(desk, trade, ts) is not None


def _day(
    desk: Desk, trade: LiveTrade, ts: int
) -> tuple[OpenTrade, GovernorState, int, Parameters, Session]:
    return desk.governed(trade), desk.governor, ts, desk.history.at(ts), desk.session
