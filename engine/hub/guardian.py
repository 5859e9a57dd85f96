"""What is due for each trade, each second and after each event of its orders; pure.

The guardian closes what the clock, the day's limits and commands end, keeps at it until it is over,
closes a trade that has lost its stop, cancels an entry that waits in vain, and lets the strategy
that owns a trade react to the market.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from engine.decision import entry_cancel_due, exit_due, flatten_step, phase
from engine.decision.governor.move_answer import is_beyond
from engine.decision.governor.state import GovernorState, OpenTrade
from engine.domain.bracket import BracketPlan
from engine.domain.candidate import Side
from engine.domain.commands import MoveTradeStop, MoveTradeTarget
from engine.domain.errors import StrategyError
from engine.domain.facts import ExitReason, OrderRole
from engine.domain.markets.instrument import Instruments
from engine.domain.markets.tick_grid import TickGrid
from engine.domain.parameters import Parameters
from engine.domain.session import Session
from engine.domain.strategy import HOLD, ActiveTrade, Hold, MoveStop, RequestExit, Strategy
from engine.hub.actions import (
    Action,
    CancelEntry,
    RefuseMove,
    ReportDelay,
    RepriceTarget,
    SendExit,
    SwitchOff,
)
from engine.hub.books import Books, LiveTrade
from engine.hub.exit_attempts import ExitAttempts
from engine.hub.hosted import HostedStrategies
from engine.hub.trade_view import OrderView, TradeOrders, TradeView

_EXITS = (OrderRole.TAKE_PROFIT, OrderRole.EXIT)
_EXIT_REACH = Decimal("0.02")
"""How far through the last print an exit is priced: it fills at the touch, yet cannot run away."""

type Orders = Callable[[LiveTrade], TradeOrders]
"""Shows the orders of a trade as they stand."""


class Guardian:
    """Says what is due; whoever asks carries it out before asking again.

    Parameters
    ----------
    books : Books
        Read, never written.
    hosted : HostedStrategies
        Each is asked about its own trades.
    instruments : Instruments
        What is traded.
    """

    def __init__(self, books: Books, hosted: HostedStrategies, instruments: Instruments) -> None:
        self._books = books
        self._hosted = hosted
        self._instruments = instruments
        self._attempts = ExitAttempts()

    def due(self, trade: LiveTrade, view: TradeView, now: int) -> tuple[Action, ...]:
        """Return what is due for a trade at an instant (UTC ns); asked once a second."""
        if trade.exit_reason is not None:
            return *self._closing(trade, view, now), self._delay(trade, view)
        if not trade.is_open:
            return _cancelled(view.orders.entry) if self._entry_is_over(trade, now) else ()
        if lost := self.protection_due(trade, view, now):
            return lost
        reason = exit_due(*self._day(trade, now))
        if reason is not None:
            return RequestExit(reason), *self._closing(trade, view, now)
        return self._ordered(trade, view) or self._reaction(trade, view, now)

    def protection_due(self, trade: LiveTrade, view: TradeView, now: int) -> tuple[Action, ...]:
        """Return how a trade is closed whose stop is gone, or its exit; nothing while it rests.

        Asked after each event of its orders.
        """
        if not (trade.is_open and is_unprotected(trade, view.orders)):
            return ()
        reason = trade.exit_reason or ExitReason.PROTECTION_LOST
        return RequestExit(reason), *self._closing(trade, view, now)

    def is_quiet(self, ts: int, orders: Orders) -> bool:
        """Say whether the clock alone brings nothing by an instant to come (UTC ns).

        Whoever relies on it asks again after each event: a fill, a bucket, a command.
        """
        trades = self._books.trades.values()
        if any(self._is_watched(trade, orders) for trade in trades):
            return False
        governor = self._books.governor
        said_flat = governor.flat and not governor.standing.underway
        if (self.must_verify(ts) and not said_flat) or self._moves_by_clock(ts):
            return False
        return not any(self._is_due(trade, ts) for trade in trades)

    def must_verify(self, ts: int) -> bool:
        """Say whether it matters at an instant what the venue still holds."""
        books = self._books
        step = flatten_step(ts, books.history.at(ts), books.session)
        return step is not None or bool(books.governor.standing.underway)

    def exit_answered(self, trade_id: str, role: OrderRole, refusal: str | None, now: int) -> None:
        """Learn whether the venue takes what closes a trade; ``refusal`` says why it does not."""
        trade = self._books.trades.get(trade_id)
        if trade is None or trade.exit_reason is None or role not in _EXITS:
            return
        if refusal is None:
            self._attempts.taken(trade_id)
        else:
            self._attempts.refused(trade_id, refusal, now)

    def _closing(self, trade: LiveTrade, view: TradeView, now: int) -> tuple[Action, ...]:
        """Return the next step of closing a trade; each second, less often while it is refused.

        The target is re-priced through the market, so the stop rests until the very fill; without
        a target a market order goes out. A halted symbol is left alone until it trades again.
        """
        target = view.orders.target
        if view.is_halted:
            return ()
        if not trade.is_open:
            return _cancelled(view.orders.entry)
        if not self._attempts.may_try(trade.plan.trade_id, now):
            return ()
        if target is not None and target.is_open:
            return _through_the_market(target, trade.plan, view.last_price, self._grid(trade, now))
        if target is None or target.is_closed:
            return self._exit(trade, view.orders.exit)
        return ()

    def _exit(self, trade: LiveTrade, sent: OrderView | None) -> tuple[Action, ...]:
        """Return a market order for what a trade holds, unless one is on its way."""
        booked = self._books.booked(trade.plan.trade_id)
        held = 0 if booked is None else booked.open_quantity
        if not held or (sent is not None and not sent.is_closed):
            return ()
        return (SendExit(trade.exits_sent + 1, held),)

    def _delay(self, trade: LiveTrade, view: TradeView) -> ReportDelay:
        trade_id, attempts = trade.plan.trade_id, self._attempts
        why = "halted" if view.is_halted else "its exit is not filled"
        if refusal := attempts.why(trade_id):
            why = f"its exit is refused: {refusal}"
        return ReportDelay(why, attempts.is_stuck(trade_id))

    def _ordered(self, trade: LiveTrade, view: TradeView) -> tuple[Action, ...]:
        """Return the moves of stop and target that somebody has ordered, as far as they can leave.

        One that is on its way, or was confirmed, is left alone.
        """
        actions: list[Action] = []
        for each in self._books.governor.standing.moves(trade.plan.trade_id):
            command = each.command
            assert isinstance(command, MoveTradeStop | MoveTradeTarget)  # noqa: S101 - it is one
            is_stop = isinstance(command, MoveTradeStop)
            order = view.orders.stop if is_stop else view.orders.target
            if order is not None and order.price == command.price:
                continue
            if is_beyond(command, trade.plan.side, view.last_price):
                why = f"the market is at {view.last_price:f}, at that price or beyond it already"
                actions.append(RefuseMove(each.command_id, why))
            elif order is None or order.is_closed:
                actions.append(RefuseMove(each.command_id, "that order does not work any more"))
            elif order.can_change:
                move = MoveStop(command.price) if is_stop else RepriceTarget(command.price)
                actions.append(move)
        return tuple(actions)

    def _reaction(self, trade: LiveTrade, view: TradeView, now: int) -> tuple[Action, ...]:
        """Return what the owner of a trade wants, as far as it can be done now."""
        owner, plan = self._hosted.owner(trade), trade.plan
        if owner is None:
            return ()
        stop, price = view.orders.stop, view.orders.stop_price(plan)
        active = ActiveTrade(plan, trade.best_price, price, view.last_price, self._grid(trade, now))
        try:
            reaction = owner.react(active, now) if owner.watches(plan) else HOLD
        except StrategyError as error:
            return self._switched_off(owner, error.why)
        except Exception as error:  # noqa: BLE001  (whatever a stranger's code raises)
            return self._switched_off(owner, f"{type(error).__name__}: {error}")
        match reaction:
            case RequestExit(ExitReason()):
                return reaction, *self._closing(trade, view, now)
            case MoveStop(Decimal() as wanted) if wanted.is_finite() and wanted > 0:
                can_move = stop is not None and stop.can_change and stop.price != wanted
                return (reaction,) if can_move else ()
            case Hold():
                return ()
            case _:
                return self._switched_off(owner, f"it answered {reaction!r} about a trade")

    def _switched_off(self, owner: Strategy, why: str) -> tuple[Action, ...]:
        """Leave the trades of a strategy that went wrong to their brackets."""
        self._hosted.drop(owner.strategy_id)
        return (SwitchOff(owner.strategy_id, why),)

    def _grid(self, trade: LiveTrade, now: int) -> TickGrid:
        return self._instruments.find(trade.plan.symbol).grid_at(now)

    def _entry_is_over(self, trade: LiveTrade, ts: int) -> bool:
        """Say whether an entry that was not filled has to be cancelled at an instant (UTC ns)."""
        is_late = ts - trade.ts_planned > self._books.history.at(ts).bucket_ns
        return is_late or entry_cancel_due(*self._day(trade, ts))

    def _is_watched(self, trade: LiveTrade, orders: Orders) -> bool:
        if not trade.is_open:
            return False
        owner = self._hosted.owner(trade)
        try:
            is_watched = owner is not None and owner.watches(trade.plan)
        except Exception:  # noqa: BLE001  (it is named when it is asked what is due)
            is_watched = True
        return is_watched or is_unprotected(trade, orders(trade))

    def _is_due(self, trade: LiveTrade, ts: int) -> bool:
        if trade.exit_reason is not None:
            return True
        if not trade.is_open:
            return self._entry_is_over(trade, ts)
        return exit_due(*self._day(trade, ts)) is not None

    def _moves_by_clock(self, ts: int) -> bool:
        """Say whether a look at an instant to come would find another phase, if none comes before.

        The phase is noted at the ends of buckets.
        """
        books = self._books
        params = books.history.at(ts)
        if ts % params.bucket_ns:
            return False
        return phase(books.governor, ts, params, books.session) is not books.noted_phase

    def _day(
        self, trade: LiveTrade, ts: int
    ) -> tuple[OpenTrade, GovernorState, int, Parameters, Session]:
        books = self._books
        return books.governed(trade), books.governor, ts, books.history.at(ts), books.session


def is_unprotected(trade: LiveTrade, orders: TradeOrders) -> bool:
    """Say whether an open trade lacks what ends it: its stop, or its target while it is closed."""
    leg = orders.stop if trade.exit_reason is None else orders.target
    return leg is None or leg.is_closed


def _cancelled(entry: OrderView | None) -> tuple[Action, ...]:
    return (CancelEntry(),) if entry is not None and entry.can_change else ()


def _through_the_market(
    target: OrderView, plan: BracketPlan, last: Decimal, grid: TickGrid
) -> tuple[Action, ...]:
    """Return the target's price through the last print, unless it is there or on its way."""
    resting = target.price
    if target.is_inflight or resting is None:
        return ()
    crossed = resting <= last if plan.side is Side.LONG else resting >= last
    if crossed and resting != plan.take_profit:
        return ()
    reach = grid.round_against(last * (1 - plan.side * _EXIT_REACH), plan.side)
    return (RepriceTarget(max(reach, grid.tick(reach))),)
