"""The last facts of a run in words, as a screen lists them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

from engine.decision import GovernorPhase
from engine.decision.plain_reason import refusal_in_words
from engine.display.frame import Activity
from engine.domain.amounts import amount
from engine.domain.counted import counted
from engine.domain.facts import (
    AlarmRaised,
    AnyPayload,
    BracketPlanned,
    BucketIncomplete,
    CommandDone,
    CommandReceived,
    CommandRefused,
    DayEnded,
    DayStarted,
    EnsembleChanged,
    EntriesHeld,
    EntriesReleased,
    ExitRequested,
    Fact,
    FlatVerified,
    GapBackfilled,
    GovernorMoved,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderUpdated,
    ParamsChanged,
    SymbolLocked,
    SymbolUnlocked,
    TradeClosed,
    TradeOpened,
)

MOST_LINES = 20
"""A phase that only says that nothing is entered: the fact before it says why."""


class RecentActivity:
    """Keeps the last facts that say something to a reader, each put into words once."""

    def __init__(self, most: int = MOST_LINES) -> None:
        self._lines: deque[Activity] = deque(maxlen=most)
        self._seq = 0

    def look(self, facts: Iterable[Fact]) -> None:
        """Take the last facts, in order; those that are known are passed over."""
        for fact in facts:
            if fact.seq <= self._seq:
                continue
            self._seq = fact.seq
            if text := in_words(fact.payload):
                kind = str(fact.payload.__struct_config__.tag)
                line = Activity(fact.seq, fact.ts_event, kind, text, fact.correlation_id)
                self._lines.append(line)

    def newest_first(self) -> tuple[Activity, ...]:
        """Return the lines."""
        return tuple(reversed(self._lines))


def in_words(payload: AnyPayload) -> str:
    """Return a fact in words; empty where another fact says it, as for an order submitted."""
    readers = _of_trade, _of_order, _of_people, _of_day, _of_tape
    return next(filter(None, (read(payload) for read in readers)), "")


def _of_trade(payload: AnyPayload) -> str:
    match payload:
        case BracketPlanned() as plan:
            side = "buy" if plan.side > 0 else "sell short"
            limit = "at the market" if plan.entry_limit is None else f"at {_usd(plan.entry_limit)}"
            ends = f"stop {_usd(plan.stop_loss)}, target {_usd(plan.take_profit)}"
            return f"plan: {side} {plan.quantity:f} {plan.symbol} {limit}, {ends}"
        case TradeOpened() as trade:
            side = "long" if trade.side > 0 else "short"
            return f"{trade.symbol} {side} {trade.quantity:f} open at {_usd(trade.avg_px)}"
        case ExitRequested() as wanted:
            return f"{wanted.symbol} leaves: {_spaced(wanted.reason)}"
        case TradeClosed() as trade:
            result = f"{amount(trade.realized_pnl, signed=True)} USD"
            return f"{trade.symbol} closed by {_spaced(trade.exit_reason)}, {result}"
        case FlatVerified() as verified:
            return f"{verified.symbol or 'all'} verified flat"
        case _:
            return ""


def _of_order(payload: AnyPayload) -> str:
    match payload:
        case OrderFilled() as fill:
            what = f"{_spaced(fill.role)} {fill.order_side.lower()}"
            return f"{what} {fill.last_qty:f} {fill.symbol} at {_usd(fill.last_px)}"
        case OrderUpdated(trigger_price=Decimal() as price):
            return f"stop of {payload.symbol} moved to {_usd(price)}"
        case OrderCanceled():
            return f"order of {payload.symbol} cancelled"
        case OrderExpired():
            return f"order of {payload.symbol} expired"
        case OrderRejected():
            return f"order of {payload.symbol} refused: {payload.reason}"
        case _:
            return ""


def _of_people(payload: AnyPayload) -> str:
    match payload:
        case CommandReceived() as given:
            return f"{given.who}: {_spaced(given.command.__struct_config__.tag)}"
        case CommandRefused():
            return f"command refused: {refusal_in_words(payload.reason)}"
        case CommandDone():
            return f"command done: {payload.outcome}"
        case SymbolLocked():
            return f"{payload.symbol} locked: {payload.reason}"
        case SymbolUnlocked():
            return f"{payload.symbol} unlocked"
        case ParamsChanged() as change:
            changes = ", ".join(f"{each.name} {each.old} → {each.new}" for each in change.changes)
            return f"parameters v{change.version} by {change.who}: {changes or 'as started'}"
        case EnsembleChanged() as change:
            return f"strategies v{change.version} by {change.who}: {change.because}"
        case _:
            return ""


def _of_day(payload: AnyPayload) -> str:
    match payload:
        case GovernorMoved() as moved:
            after = GovernorPhase(moved.after)
            return f"governor: {'entries held' if after is GovernorPhase.HALTED else after.words}"
        case EntriesHeld() as held:
            return f"entries held: {held.trouble}: {held.detail}"
        case EntriesReleased() as over:
            return f"over: {over.trouble}"
        case AlarmRaised() as rung:
            return f"ALARM {rung.alarm}: {rung.detail}"
        case DayStarted():
            return f"day started with {amount(payload.equity)} USD"
        case DayEnded():
            return f"day ended with {amount(payload.equity)} USD"
        case _:
            return ""


def _of_tape(payload: AnyPayload) -> str:
    match payload:
        case GapBackfilled() as gap:
            left = "" if gap.complete else "; not all came"
            heard = f"{counted(gap.trades, 'trade')}, {counted(gap.quotes, 'quote')}"
            return f"a gap was fetched: {heard}{left}"
        case BucketIncomplete() as silent:
            return f"nothing entered on a bucket: slot {', '.join(silent.slots)} was silent"
        case _:
            return ""


def _usd(price: Decimal) -> str:
    """Return a price with two decimals at least, and as many as it has."""
    exact = price.normalize()
    places = max(2, -int(exact.as_tuple().exponent))
    return f"{exact:,.{places}f}"


def _spaced(name: object) -> str:
    return str(name).replace("_", " ")
