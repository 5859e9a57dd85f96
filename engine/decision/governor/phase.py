"""What the day allows: its phase, and why a symbol may not be entered now."""

from __future__ import annotations

from collections.abc import Iterator

from engine.decision.governor.day_windows import entries_close_ns, entries_open_ns, flatten_ns
from engine.decision.governor.state import GovernorPhase, GovernorState
from engine.decision.refusal import RefusalReason, Refused
from engine.domain.parameters import Parameters
from engine.domain.session import NANOS_PER_SECOND, Session


def phase(state: GovernorState, ts: int, params: Parameters, session: Session) -> GovernorPhase:
    """Return the phase at an instant; where several hold, the one that forbids most."""
    if state.standing.halts_entries:
        return GovernorPhase.HALTED
    ended = state.day_end(params)
    if ended is not None:
        return ended
    if ts >= flatten_ns(params, session):
        return GovernorPhase.FLATTENING
    if not _has_started(state, session) or ts < entries_open_ns(params, session):
        return GovernorPhase.WARMUP
    return _trading_phase(state, ts)


def _trading_phase(state: GovernorState, ts: int) -> GovernorPhase:
    if state.open_trades:
        return GovernorPhase.IN_TRADE
    if any(until > ts for _, until in state.cooldowns):
        return GovernorPhase.COOLDOWN
    return GovernorPhase.HUNTING


def entry_refusal(
    state: GovernorState, symbol: str, ts: int, params: Parameters, session: Session
) -> Refused | None:
    """Return the first reason why the day forbids entering a symbol at an instant, or None."""
    return next(_refusals(state, symbol, ts, params, session), None)


def _refusals(
    state: GovernorState, symbol: str, ts: int, params: Parameters, session: Session
) -> Iterator[Refused]:
    if not _has_started(state, session):
        started = state.day or "no day"
        yield Refused(RefusalReason.DAY_NOT_STARTED, f"{started} has started, not {session.day}")
    for trouble, detail in state.standing.troubles:
        yield Refused(RefusalReason.GOVERNOR_HALTED, f"{trouble}: {detail}")
    if state.standing.stops_entries:
        until = "until resumed" if state.standing.paused else "for the day"
        yield Refused(RefusalReason.GOVERNOR_HALTED, f"entries are stopped {until}")
    ended = state.day_end(params)
    if ended is not None:
        result = f"{state.realized_pnl} USD realized on {state.equity} USD"
        won = f", {state.wins} trades closed at their target" if state.wins else ""
        yield Refused(RefusalReason(ended), f"the day ended with {result}{won}")
    if ts >= flatten_ns(params, session):
        yield Refused(RefusalReason.FLATTENING, f"flatten_by {params.flatten_by} ET is past")
    if ts >= entries_close_ns(params, session):
        late = f"no_entry_after {params.no_entry_after} ET is past"
        yield Refused(RefusalReason.NO_ENTRY_AFTER, late)
    if ts < entries_open_ns(params, session):
        wait = f"the first {params.no_entry_first_seconds} s of the session"
        yield Refused(RefusalReason.WARMUP, wait)
    if state.trades >= params.max_trades_per_day:
        yield Refused(RefusalReason.MAX_TRADES, f"{state.trades} trades today")
    cool = dict(state.cooldowns).get(symbol, ts)
    if cool > ts:
        left = (cool - ts) / NANOS_PER_SECOND
        yield Refused(RefusalReason.COOLDOWN, f"{left:.1f} s of its cooldown are left")


def _has_started(state: GovernorState, session: Session) -> bool:
    return state.day == session.day.isoformat()
