"""An event of the market meets the orders that wait in it."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from engine.domain.fixed_point import decimal_price
from engine.domain.markets.tick_grid import RULE_612
from simulator.exchange.book.hours import Phase
from simulator.exchange.book.life import OrderLife
from simulator.exchange.book.markets import Market
from simulator.exchange.book.orders import (
    STOPS,
    Order,
    OrderType,
    Role,
    Status,
    TimeInForce,
    fixed,
)
from simulator.exchange.book.state import State
from simulator.exchange.fills.backtest_fills import backtest_price
from simulator.exchange.fills.modes import FillMode
from simulator.exchange.fills.nbbo_fills import nbbo_price, nbbo_qty

_BILLIONTH = Decimal("0.000000001")


class Matching:
    """Fills orders of one state by one mode."""

    def __init__(self, state: State, mode: FillMode, life: OrderLife) -> None:
        self._state = state
        self._mode = mode
        self._life = life

    def match(self, symbol: str, ts: int, phase: Phase) -> None:
        """Let everything that waits in a stock meet what came last; buys go first."""
        market = self._state.markets[symbol]
        waiting = self._state.open_orders(symbol)
        for order in sorted(waiting, key=lambda each: not each.is_buy):
            if order.is_working and may_trade(order, phase):
                self.meet(order, market, ts)

    def meet(self, order: Order, market: Market, ts: int) -> None:
        """Fill an order, or some of it, if the market is there; see to the legs it wakes."""
        if order.symbol in self._state.halted or not market.is_known:
            return
        is_opg = order.time_in_force is TimeInForce.OPG
        if is_opg and self._mode.is_backtest and not market.was_printed:
            return
        if order.type not in STOPS or self._elect(order, market):
            self._fill(order, market, ts)
        if is_opg and not order.is_closed:
            self._life.end(order, Status.CANCELED, ts)
        if order.role is Role.ENTRY and order.status is Status.FILLED:
            self._meet_legs(order, market, ts)

    def _fill(self, order: Order, market: Market, ts: int) -> None:
        price = self._price(order, market)
        if price is None:
            return
        qty = self._qty(order, market, price)
        if qty and (order.time_in_force is not TimeInForce.FOK or qty == order.leaves_qty):
            self._life.fill(order, price, qty, ts)

    def _meet_legs(self, entry: Order, market: Market, ts: int) -> None:
        """Let legs meet the market they wake up in, the stop first."""
        legs = self._state.legs_of(entry)
        for leg in sorted(legs, key=lambda each: each.role is not Role.STOP):
            if leg.is_working:
                self.meet(leg, market, ts)

    def is_through(self, order: Order, market: Market) -> bool:
        """Say whether the last print is at a stop or beyond it."""
        if order.stop_price is None or market.last_ts < 0:
            return False
        stop = fixed(order.stop_price)
        return market.last >= stop if order.is_buy else market.last <= stop

    def _elect(self, order: Order, market: Market) -> bool:
        if not order.is_elected:
            if order.type is OrderType.TRAILING_STOP:
                self._trail(order, market)
            order.is_elected = self.is_through(order, market)
        return order.is_elected

    def _price(self, order: Order, market: Market) -> int | None:
        mode = self._mode
        if mode.assumed is not None:
            return backtest_price(order, market, mode.assumed, mode.stale_quote_ns)
        return nbbo_price(order, market, mode.stale_quote_ns)

    def _qty(self, order: Order, market: Market, price: int) -> Decimal:
        if order.notional is not None:
            shares = order.notional / decimal_price(price)
            return shares.quantize(_BILLIONTH, ROUND_DOWN)
        if self._mode.is_backtest:
            return order.leaves_qty
        return nbbo_qty(order, market, self._mode, self._state)

    def _trail(self, order: Order, market: Market) -> None:
        """Move a trailing stop with the best print since it was sent."""
        if market.last_ts < 0:
            return
        last = decimal_price(market.last)
        best = last if order.hwm is None else order.hwm
        best = min(best, last) if order.is_buy else max(best, last)
        if best == order.hwm and order.stop_price is not None:
            return
        order.hwm = best.normalize()
        order.stop_price = trailed(order, best)


def trailed(order: Order, best: Decimal) -> Decimal:
    """Return where a trailing stop stands behind the best price, on the grid of rule 612."""
    if order.trail_price is not None:
        distance = order.trail_price
    else:
        distance = best * (order.trail_percent or Decimal(0)) / 100
    stop = best + distance if order.is_buy else best - distance
    return stop.quantize(RULE_612.tick(stop))


def is_live(order: Order, phase: Phase) -> bool:
    """Say whether an order has been routed in this phase, not only accepted for a later one."""
    return phase is Phase.CORE or (phase is not Phase.CLOSED and order.extended_hours)


def may_trade(order: Order, phase: Phase) -> bool:
    """Say whether an order takes part in what goes on now; CLS waits for the close."""
    return is_live(order, phase) and order.time_in_force is not TimeInForce.CLS
