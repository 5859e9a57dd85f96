"""What a nautilus engine knows of the venue, as plain values of the hub."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nautilus_trader.common import Cache
from nautilus_trader.model import (
    ClientOrderId,
    InstrumentId,
    LimitOrder,
    MarketStatusAction,
    StopMarketOrder,
)
from nautilus_trader.trading import Strategy

from engine.decision import DeskState
from engine.domain.candidate import BucketReport
from engine.domain.facts import OrderRole
from engine.domain.order_names import exit_id, order_id
from engine.hub.books import LiveTrade
from engine.hub.desk import Desk
from engine.hub.trade_view import OrderView, TradeOrders, TradeView
from engine.runtime.bridge.values import decimal_of, instrument_id


def live_symbols(cache: Cache) -> set[str]:
    """Return the symbols with an open or travelling order, or a position."""
    holders = cache.orders_open() + cache.orders_inflight() + cache.positions_open()
    return {holder.instrument_id.symbol.value for holder in holders}


class VenueView:
    """Last prices, halts and orders, as the engine's cache has them.

    Parameters
    ----------
    host : nautilus Strategy
        Its cache is read; it has none before it is registered.
    desk : Desk
        Read, never written.
    """

    def __init__(self, host: Strategy, desk: Desk) -> None:
        self._host = host
        self._account = desk.account
        self._instruments = desk.instruments
        self._books = desk.books

    def equity(self) -> Decimal:
        """Return cash and positions at their last prints."""
        ledger = self._books.ledger
        held = ledger.positions.items()
        return ledger.cash + sum(
            (position.quantity * self.last_price(symbol) for symbol, position in held), Decimal(0)
        )

    def last_price(self, symbol: str) -> Decimal:
        """Return the last eligible print of a symbol that has a position."""
        tick = self._host.cache.trade(self._id(symbol))
        return decimal_of(tick.price) if tick else self._books.ledger.positions[symbol].mark

    def is_halted(self, symbol: str) -> bool:
        """Say whether the exchange has halted a symbol."""
        status = self._host.cache.instrument_status(self._id(symbol))
        return status is not None and status.action == MarketStatusAction.HALT

    def live_symbols(self) -> frozenset[str]:
        """Return the symbols with an open or travelling order, or a position."""
        return frozenset(live_symbols(self._host.cache))

    def orders(self, trade: LiveTrade) -> TradeOrders:
        """Return the orders of a trade as they stand."""
        trade_id = trade.plan.trade_id
        return TradeOrders(
            entry=self._order(order_id(OrderRole.ENTRY, trade_id)),
            stop=self._order(order_id(OrderRole.STOP_LOSS, trade_id)),
            target=self._order(order_id(OrderRole.TAKE_PROFIT, trade_id)),
            exit=self._order(exit_id(trade_id, trade.exits_sent)),
        )

    def trade(self, trade: LiveTrade) -> TradeView:
        """Return a trade's orders and its market."""
        plan = trade.plan
        tick = self._host.cache.trade(self._id(plan.symbol))
        held = self._books.ledger.positions.get(plan.symbol)
        known = plan.reference_price if held is None else held.mark
        last = decimal_of(tick.price) if tick else known
        return TradeView(self.orders(trade), last, self.is_halted(plan.symbol))

    def desk_state(self, report: BucketReport, now: int, *, day_has_quotes: bool) -> DeskState:
        """Return what the hub knows when a report comes in at an instant (UTC ns)."""
        governor = self._books.governor
        return DeskState(
            account=self._account,
            instruments=self._instruments,
            governor=governor,
            open_trades=governor.open_trades,
            equity=self.equity(),
            day_has_quotes=day_has_quotes,
            halted=frozenset(
                candidate.symbol
                for candidate in report.candidates
                if candidate.qualified and self.is_halted(candidate.symbol)
            ),
            locked=frozenset(symbol for symbol, _ in governor.standing.locked),
            late_ns=max(0, now - report.ts_init),
            ensemble=self._books.ensembles.at(report.ts_event).without(
                failure.strategy_id for failure in report.failures
            ),
        )

    def _id(self, symbol: str) -> InstrumentId:
        return instrument_id(symbol, self._account.venue)

    def _order(self, name: str) -> OrderView | None:
        order: Any = self._host.cache.order(ClientOrderId(name))
        if order is None:
            return None
        return OrderView(order.is_open, order.is_inflight, order.is_closed, _price(order))


def _price(order: object) -> Decimal | None:
    if isinstance(order, LimitOrder):
        return decimal_of(order.price)
    return decimal_of(order.trigger_price) if isinstance(order, StopMarketOrder) else None
