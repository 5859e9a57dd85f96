"""What the day's limits depend on, folded from facts: a restart cannot reset one."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from engine.decision.governor.standing_commands import StandingCommands
from engine.domain.candidate import Side
from engine.domain.facts import (
    Alarm,
    AlarmRaised,
    AnyPayload,
    BracketPlanned,
    DayStarted,
    ExitReason,
    FlatVerified,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderRole,
    OrderSubmitted,
    OrderUpdated,
    TradeClosed,
)
from engine.domain.order_names import order_id
from engine.domain.parameters import Parameters
from engine.domain.session import NANOS_PER_SECOND


class GovernorPhase(StrEnum):
    """Where the trading day stands."""

    WARMUP = "warmup"
    HUNTING = "hunting"
    IN_TRADE = "in_trade"
    COOLDOWN = "cooldown"
    DONE_TARGET = "done_target"
    DONE_LOSS = "done_loss"
    HALTED = "halted"
    FLATTENING = "flattening"

    @property
    def words(self) -> str:
        """The phase as pages show it; ``hunting`` is a word of facts and JSON alone."""
        return "entries allowed" if self is GovernorPhase.HUNTING else self.value.replace("_", " ")


class OpenTrade(msgspec.Struct, frozen=True):
    """A trade that is planned and not yet over.

    ``notional`` (USD) and ``max_hold_secs`` (None: no time stop) are as planned, ``entry_order_id``
    is the entry's client order id once it is submitted, ``entered_ns`` the time of the entry's
    first fill. ``stop`` and ``target`` (USD) are as planned until the venue confirms another price.
    """

    trade_id: str
    symbol: str
    side: Side
    notional: Decimal
    max_hold_secs: int | None
    entry_order_id: str | None = None
    entered_ns: int | None = None
    stop: Decimal | None = None
    target: Decimal | None = None


class GovernorState(msgspec.Struct, frozen=True):
    """What the limits of a day depend on.

    Attributes
    ----------
    day : str
        ISO date of the last ``DayStarted``; empty before the first.
    equity : Decimal
        USD at the start of the day, which the day's limits are percentages of.
    realized_pnl : Decimal
        USD of the day's closed trades, commissions taken off.
    trades : int
        Trades planned today, less those whose entry ended without a fill.
    wins : int
        Trades of the day that closed at their target.
    open_trades : tuple of OpenTrade
        In order of planning.
    cooldowns : tuple of (str, int)
        Symbol and the UTC ns until which it may not be entered, by symbol.
    done : GovernorPhase or None
        ``DONE_TARGET`` or ``DONE_LOSS`` from the first close beyond a limit to the end of the day.
    flat : bool
        All was verified flat today and nothing was planned since.
    alarms : tuple of Alarm
        Raised today.
    standing : StandingCommands
        What people have ordered.
    """

    day: str = ""
    equity: Decimal = Decimal(0)
    realized_pnl: Decimal = Decimal(0)
    trades: int = 0
    wins: int = 0
    open_trades: tuple[OpenTrade, ...] = ()
    cooldowns: tuple[tuple[str, int], ...] = ()
    done: GovernorPhase | None = None
    flat: bool = False
    alarms: tuple[Alarm, ...] = ()
    standing: StandingCommands = StandingCommands()

    def day_end(self, params: Parameters) -> GovernorPhase | None:
        """Return what has ended the day; wins count against the limit that holds now."""
        if self.done is None and has_won_enough(self.wins, params):
            return GovernorPhase.DONE_TARGET
        return self.done


def has_won_enough(wins: int, params: Parameters) -> bool:
    """Say whether so many trades closed at their target that the day is over."""
    return params.stop_after_wins is not None and wins >= params.stop_after_wins


def evolve(
    state: GovernorState, payload: AnyPayload, ts_event: int, params: Parameters
) -> GovernorState:
    """Return the state after one more fact; most facts are no concern of the governor."""
    state = replace(state, standing=state.standing.after(payload))
    match payload:
        case DayStarted():
            after = _day_started(state, payload, ts_event)
        case BracketPlanned():
            after = _planned(state, payload)
        case OrderSubmitted(role=OrderRole.ENTRY):
            after = _with_trade(state, payload.trade_id, entry_order_id=payload.client_order_id)
        case OrderFilled(role=OrderRole.ENTRY):
            after = _entered(state, payload.trade_id, ts_event)
        case OrderUpdated():
            after = _moved(state, payload)
        case OrderRejected() | OrderCanceled() | OrderExpired():
            after = _order_ended(state, payload, ts_event, params)
        case TradeClosed():
            after = _closed(state, payload, ts_event, params)
        case FlatVerified(symbol=None):
            after = replace(state, flat=True)
        case AlarmRaised():
            after = replace(state, alarms=(*state.alarms, payload.alarm))
        case _:
            after = state
    return after


def _day_started(state: GovernorState, started: DayStarted, ts: int) -> GovernorState:
    return replace(
        state,
        day=started.day,
        equity=started.equity,
        realized_pnl=Decimal(0),
        trades=0,
        wins=0,
        cooldowns=tuple(entry for entry in state.cooldowns if entry[1] > ts),
        done=None,
        flat=False,
        alarms=(),
    )


def _planned(state: GovernorState, plan: BracketPlanned) -> GovernorState:
    trade = OpenTrade(
        plan.trade_id,
        plan.symbol,
        Side(plan.side),
        plan.notional,
        plan.max_hold_secs,
        stop=plan.stop_loss,
        target=plan.take_profit,
    )
    trades = (*state.open_trades, trade)
    return replace(state, trades=state.trades + 1, open_trades=trades, flat=False)


def _entered(state: GovernorState, trade_id: str, ts: int) -> GovernorState:
    trade = _trade(state, trade_id)
    if trade is None or trade.entered_ns is not None:
        return state
    return _with_trade(state, trade_id, entered_ns=ts)


def _moved(state: GovernorState, updated: OrderUpdated) -> GovernorState:
    """Take over where the stop or the target of a trade rests now."""
    order, trade_id = updated.client_order_id, updated.trade_id
    if order == order_id(OrderRole.STOP_LOSS, trade_id) and updated.trigger_price is not None:
        return _with_trade(state, trade_id, stop=updated.trigger_price)
    if order == order_id(OrderRole.TAKE_PROFIT, trade_id) and updated.price is not None:
        return _with_trade(state, trade_id, target=updated.price)
    return state


def _order_ended(
    state: GovernorState,
    ended: OrderRejected | OrderCanceled | OrderExpired,
    ts: int,
    params: Parameters,
) -> GovernorState:
    """Give the slot and the trade of the day back when an entry ended without any fill.

    An entry that was refused before it was submitted is not known by its order's id yet.
    """
    trade = _trade(state, ended.trade_id)
    if trade is None or trade.entered_ns is not None:
        return state
    if trade.entry_order_id not in (None, ended.client_order_id):
        return state
    return replace(_without_trade(state, trade, ts, params), trades=state.trades - 1)


def _closed(
    state: GovernorState, closed: TradeClosed, ts: int, params: Parameters
) -> GovernorState:
    trade = _trade(state, closed.trade_id)
    after = state if trade is None else _without_trade(state, trade, ts, params)
    pnl, done = state.realized_pnl + closed.realized_pnl, state.done
    wins = state.wins + (closed.exit_reason is ExitReason.TAKE_PROFIT)
    target, loss = params.daily_profit_target_percent, params.daily_loss_limit_percent
    if done is None and 100 * pnl <= -loss * state.equity:
        done = GovernorPhase.DONE_LOSS
    elif done is None:
        is_enough = target is not None and 100 * pnl >= target * state.equity
        if is_enough or has_won_enough(wins, params):
            done = GovernorPhase.DONE_TARGET
    return replace(after, realized_pnl=pnl, wins=wins, done=done)


def _trade(state: GovernorState, trade_id: str) -> OpenTrade | None:
    return next((trade for trade in state.open_trades if trade.trade_id == trade_id), None)


def _with_trade(state: GovernorState, trade_id: str, **changes: object) -> GovernorState:
    trades = tuple(
        replace(trade, **changes) if trade.trade_id == trade_id else trade
        for trade in state.open_trades
    )
    return replace(state, open_trades=trades)


def _without_trade(
    state: GovernorState, trade: OpenTrade, ts: int, params: Parameters
) -> GovernorState:
    """Take a trade off the list; its symbol cools down, also after an entry that failed."""
    until = ts + params.symbol_cooldown_seconds * NANOS_PER_SECOND
    return replace(
        state,
        open_trades=tuple(other for other in state.open_trades if other is not trade),
        cooldowns=tuple(sorted({**dict(state.cooldowns), trade.symbol: until}.items())),
    )
