"""How an order fills at the best bid or offer alone, as in Alpaca's paper accounts."""

from __future__ import annotations

from decimal import Decimal

from simulator.exchange.book.markets import Market
from simulator.exchange.book.orders import Order, fixed
from simulator.exchange.book.state import State
from simulator.exchange.fills.modes import FillMode

_DEAR = Decimal(50)
_COLLAR_BELOW, _COLLAR_FROM = Decimal("1.04"), Decimal("1.025")


def nbbo_price(order: Order, market: Market, stale_quote_ns: int) -> int | None:
    """Return the far side of the quote, in 1e-6 USD, if order and price band let it trade there.

    Where quotes are missing or stale, as on days that were recorded without them, the last print
    stands for both sides.
    """
    buys = order.is_buy
    touch = market.touch(stale_quote_ns, buys=buys)
    limit = _limit(order)
    if not market.allows(touch):
        return None
    if limit is not None and (touch > fixed(limit) if buys else touch < fixed(limit)):
        return None
    return touch


def nbbo_qty(order: Order, market: Market, mode: FillMode, state: State) -> Decimal:
    """Return how many shares of an order fill at the touch; what a quote shows is used up."""
    leaves = order.leaves_qty
    if mode.size_limited and market.quote_ts >= 0:
        shown = Decimal(market.ask_size if order.is_buy else market.bid_size)
        qty = min(leaves, shown)
        if order.is_buy:
            market.ask_size -= int(qty)
        else:
            market.bid_size -= int(qty)
        return qty
    if leaves > 1 and mode.partial_chance and state.chance() < mode.partial_chance:
        return max(Decimal(int(int(leaves) * state.chance())), Decimal(1))
    return leaves


def _limit(order: Order) -> Decimal | None:
    """Return what an order may pay; a stop to buy is collared as Alpaca's router does it."""
    if order.limit_price is not None or order.stop_price is None or not order.is_buy:
        return order.limit_price
    return order.stop_price * (_COLLAR_FROM if order.stop_price >= _DEAR else _COLLAR_BELOW)
