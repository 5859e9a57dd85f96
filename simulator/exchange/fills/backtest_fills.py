"""At which price an order fills by the backtest's own assumptions, whole or not at all."""

from __future__ import annotations

from engine.domain.markets.fill_assumptions import FillAssumptions, TargetRule
from engine.domain.markets.tick_grid import RULE_612
from simulator.exchange.book.markets import Market
from simulator.exchange.book.orders import Order, OrderType, Role, fixed

_BPS = 10_000


def backtest_price(
    order: Order, market: Market, assumed: FillAssumptions, stale_quote_ns: int
) -> int | None:
    """Return the price in 1e-6 USD at which an order fills now, None for no fill.

    The same rules as ``engine.runtime.backtest.fill_model``, which cannot be had without nautilus;
    a stop has been elected before it is asked for.
    """
    buys = order.is_buy
    came = market.ask if buys else market.bid
    touch = market.touch(stale_quote_ns, buys=buys)
    limit = None if order.limit_price is None else fixed(order.limit_price)
    if limit is not None:
        if not is_reached(limit, market, buys=buys):
            return None
        if order.role is Role.TARGET and order.limit_price == order.planned_price:
            fills = market.allows(came) and _target_fills(limit, market, assumed.target, buys=buys)
            return market.within_band(limit) if fills else None
    elif order.type in {OrderType.STOP, OrderType.TRAILING_STOP}:
        touch = max(touch, came) if buys else min(touch, came)
    return _taken(touch, limit, market, assumed, buys=buys)


def _taken(
    touch: int, limit: int | None, market: Market, assumed: FillAssumptions, *, buys: bool
) -> int | None:
    """Return what is paid or got at a touch; slippage ends at the limit and at the price band."""
    if not market.allows(touch):
        return None
    price = slipped(touch, assumed, buys=buys)
    if limit is not None:
        if touch > limit if buys else touch < limit:
            return None
        price = min(price, limit) if buys else max(price, limit)
    return market.within_band(price)


def is_reached(limit: int, market: Market, *, buys: bool) -> bool:
    """Say whether what came last is at a limit or beyond it."""
    return market.ask <= limit if buys else market.bid >= limit


def slipped(price: int, assumed: FillAssumptions, *, buys: bool) -> int:
    """Return a price that is worse by the step's slippage."""
    slip = max(
        assumed.slippage_ticks * RULE_612.fixed_tick(price), price * assumed.slippage_bps // _BPS
    )
    return price + slip if buys else max(price - slip, 1)


def _target_fills(limit: int, market: Market, rule: TargetRule, *, buys: bool) -> bool:
    if rule is TargetRule.TOUCHED:
        return True
    through = market.ask < limit if buys else market.bid > limit
    return market.was_printed and (rule is TargetRule.TRADED or through)
