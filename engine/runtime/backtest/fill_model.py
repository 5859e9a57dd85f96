"""At which price, if at all, the simulated venue fills an order."""

from __future__ import annotations

from nautilus_trader.common import Cache
from nautilus_trader.execution import FillModel
from nautilus_trader.model import (
    BookOrder,
    BookType,
    InstrumentId,
    LimitOrder,
    MarketOrder,
    MarketStatusAction,
    OrderBook,
    OrderSide,
    OrderStatus,
    Price,
    Quantity,
    StopMarketOrder,
)

from engine.domain.facts import OrderRole
from engine.domain.markets.fill_assumptions import FillAssumptions, TargetRule
from engine.domain.markets.instrument import Instruments
from engine.runtime.backtest.arriving import Arriving
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.orders import Order, role_of
from engine.runtime.bridge.values import fixed_of, price_of

_BPS = 10_000
_ELSEWHERE = 1
"""Id of the made-up order in the book that a fill is simulated against."""


class LadderFillModel(FillModel):
    """Fills whole orders, by one set of fill assumptions.

    nautilus asks for a book when an order arrives marketable, a stop is elected or a limit is
    reached. It gets one with a single level of the order's own size, or an empty one, which leaves
    a limit resting. ``best_bid = best_ask`` in the question means that a print came last: the
    venue's top of book takes on each print, and locked quotes are never fed (``ticks``).

    nautilus asks about every reached limit of every stock again whenever a command of any stock
    comes due. Such a question gets no fill: a limit fills when a quote or a print of its own stock
    arrives, or when it has just arrived or been changed itself.

    Parameters
    ----------
    assumed : FillAssumptions
    instruments : Instruments
        What is traded.
    cache : Cache
        The engine's, taken before it runs. During an event it is one event behind the venue, so
        that the tick being matched is known from ``arriving`` alone.
    arriving : Arriving
        What the venue is being handed.
    stale_quote_ns : int
        A quote counts until prints have gone on for longer than this without a newer one.
    failures : Failures
        Where an exception is kept; nautilus would only log it and lose the order.
    shown_sizes : bool
        A limit order fills with as much as the quote or print shows that reaches it, and rests on
        with the rest; otherwise, as all others always do, whole.
    """

    def __init__(
        self,
        assumed: FillAssumptions,
        instruments: Instruments,
        cache: Cache,
        arriving: Arriving,
        stale_quote_ns: int,
        failures: Failures,
        *,
        shown_sizes: bool = False,
    ) -> None:
        super().__init__()
        self.assumed = assumed
        self.instruments = instruments
        self.cache = cache
        self.arriving = arriving
        self.stale_quote_ns = stale_quote_ns
        self.failures = failures
        self.shown_sizes = shown_sizes

    def is_limit_filled(self) -> bool:
        """Let every reached limit come to ``get_orderbook_for_fill_simulation``."""
        return True

    def is_slipped(self) -> bool:
        """Leave slippage to the level of the simulated book."""
        return False

    def fill_limit_inside_spread(self) -> bool:
        """Never fill a limit between the quotes."""
        return False

    def get_orderbook_for_fill_simulation(
        self,
        _instrument: object,
        _order: Order,
        _best_bid: Price | None = None,
        _best_ask: Price | None = None,
    ) -> OrderBook:
        """Return the book the order meets: one level, or none."""
        with self.failures.kept(f"filling {_order.client_order_id}"):
            price = None
            if _best_bid is not None and _best_ask is not None:
                price = self._price(_order, fixed_of(_best_bid), fixed_of(_best_ask))
            return _book(_order, price, self._size(_order))

    def _size(self, order: Order) -> Quantity:
        """Return how much of an order the market in front of it takes."""
        if not self.shown_sizes or not isinstance(order, LimitOrder):
            return order.quantity
        buys = order.side == OrderSide.BUY
        shown = self.arriving.shown(order.instrument_id, buys=buys)
        if shown is None and (quote := self.cache.quote(order.instrument_id)) is not None:
            shown = quote.ask_size if buys else quote.bid_size
        leaves = order.leaves_qty
        return leaves if shown is None or shown.raw > leaves.raw else shown

    def _price(self, order: Order, bid: int, ask: int) -> int | None:
        """Return the fill price in 1e-6 USD, None for no fill now."""
        buys = order.side == OrderSide.BUY
        touch = self._touch(order.instrument_id, bid, ask, buys=buys)
        if isinstance(order, StopMarketOrder):
            return self._slipped(order, max(touch, ask) if buys else min(touch, bid), buys=buys)
        if isinstance(order, MarketOrder):
            return self._slipped(order, touch, buys=buys)
        if self._is_halted(order.instrument_id) or not self._meets_market(order):
            return None
        if _is_resting_target(order):
            return self._target(order, bid, ask, buys=buys)
        limit = fixed_of(order.price)
        if touch > limit if buys else touch < limit:
            return None
        slipped = self._slipped(order, touch, buys=buys)
        return min(slipped, limit) if buys else max(slipped, limit)

    def _touch(self, stock: InstrumentId, bid: int, ask: int, *, buys: bool) -> int:
        """Return what one share can be had or sold for, 1e-6 USD."""
        if bid < ask:
            return ask if buys else bid
        quote, printed_ns = self.cache.quote(stock), self._last_print_ns(stock)
        if quote is None or printed_ns - quote.ts_event > self.stale_quote_ns:
            return bid
        return fixed_of(quote.ask_price if buys else quote.bid_price)

    def _last_print_ns(self, stock: InstrumentId) -> int:
        """Return when the last print came that the venue has seen, UTC ns."""
        arriving = self.arriving.print_ns(stock)
        if arriving is not None:
            return arriving
        last = self.cache.trade(stock)
        return 0 if last is None else last.ts_event

    def _meets_market(self, order: LimitOrder) -> bool:
        """Say whether a limit or the market of its own stock has just come."""
        if order.status == OrderStatus.SUBMITTED or self.arriving.has_tick(order.instrument_id):
            return True
        return order.status == OrderStatus.ACCEPTED and order.ts_last == self.arriving.now()

    def _slipped(self, order: Order, price: int, *, buys: bool) -> int:
        traded = self.instruments.find(order.instrument_id.symbol.value)
        tick = traded.grid_at(self.arriving.now()).fixed_tick(price)
        slip = max(self.assumed.slippage_ticks * tick, price * self.assumed.slippage_bps // _BPS)
        return price + slip if buys else max(price - slip, 1)

    def _target(self, order: LimitOrder, bid: int, ask: int, *, buys: bool) -> int | None:
        limit = fixed_of(order.price)
        printed = bid == ask
        through = ask < limit if buys else bid > limit
        reached = {
            TargetRule.TOUCHED: True,
            TargetRule.TRADED: printed,
            TargetRule.TRADED_THROUGH: printed and through,
        }
        return limit if reached[self.assumed.target] else None

    def _is_halted(self, stock: InstrumentId) -> bool:
        status = self.cache.instrument_status(stock)
        return status is not None and status.action == MarketStatusAction.HALT


def _is_resting_target(order: LimitOrder) -> bool:
    """Say whether this is a take profit where it was planned; one that was re-priced is an exit."""
    return role_of(order) is OrderRole.TAKE_PROFIT and order.price == order.init_event.price


def _book(order: Order, price: int | None, size: Quantity) -> OrderBook:
    """Return a book that fills so much of an order at a price, or nothing."""
    book = OrderBook(order.instrument_id, BookType.L2_MBP)
    if price is not None:
        side = OrderSide.SELL if order.side == OrderSide.BUY else OrderSide.BUY
        book.add(BookOrder(side, price_of(price), size, _ELSEWHERE), 0, 0, 0)
    return book
