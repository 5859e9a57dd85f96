"""Whether an account may send an order: shares, money, opposite orders, the asset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from engine.domain.fixed_point import decimal_price
from engine.domain.session import NANOS_PER_SECOND
from simulator.exchange.book import faults
from simulator.exchange.book.accounts import MARGIN_FROM_USD, Account, Balances
from simulator.exchange.book.assets import Asset
from simulator.exchange.book.faults import Fault
from simulator.exchange.book.hours import Hours, Phase
from simulator.exchange.book.life import holdings
from simulator.exchange.book.markets import Market
from simulator.exchange.book.orders import NOTHING, Order, OrderClass, OrderType, Side, TimeInForce
from simulator.exchange.book.state import State
from simulator.exchange.intake.form import misplaced_exits
from simulator.exchange.intake.request import OrderRequest
from simulator.exchange.intake.wash_trade import may_wash

_SHORT_MARKUP = Decimal("1.03")
_DAY_TRADES = 3
_DAY_TRADER_FROM_USD = Decimal(25_000)
_TRADING = frozenset({"ACTIVE", "PAPER_ONLY"})
_MINUTE_NS = 60 * NANOS_PER_SECOND
_OPG_SHUTS_NS = 2 * _MINUTE_NS
_CLS_SHUTS_NS = 10 * _MINUTE_NS
_AUCTIONS_REOPEN_NS = 3 * 60 * _MINUTE_NS


def refused_request(
    request: OrderRequest,
    account: Account,
    assets: Mapping[str, Asset],
    last: Decimal | None,
) -> Fault | None:
    """Return why a well-formed request is refused whatever else the account has, if it is.

    Parameters
    ----------
    last : Decimal, optional
        The last print, USD, which is the market that exits and stops have to lie beyond.
    """
    asset = assets.get(request.symbol)
    if asset is None:
        return faults.not_listed(request.symbol)
    if fault := barred(account, asset):
        return fault
    if request.client_order_id in account.client_ids:
        return faults.ID_TAKEN
    inferred = intent(request.side, account.held(request.symbol))
    if request.position_intent not in {None, inferred}:
        return faults.intent_mismatch(inferred, str(request.position_intent))
    is_whole = request.qty is not None and request.qty == request.qty.to_integral_value()
    may_split = asset.fractionable and account.configuration.fractional_trading
    if not is_whole and not may_split:
        return faults.forbidden(f'asset "{request.symbol}" is not fractionable')
    return misplaced_exits(request, last) or _stop_in_the_market(request, last)


def barred(account: Account, asset: Asset) -> Fault | None:
    """Return why an account may not send any order in a stock, not even one that closes."""
    if asset.status != "active":
        return faults.not_active(asset.symbol)
    if not asset.tradable:
        return faults.not_tradable(asset.symbol)
    if account.configuration.suspend_trade:
        return faults.SUSPENDED
    if account.account_blocked or account.trading_blocked or account.status not in _TRADING:
        return faults.NOT_AUTHORIZED
    return None


def refused_order(
    order: Order,
    account: Account,
    asset: Asset,
    state: State,
    balances: Callable[[], Balances],
    *,
    pdt: bool,
) -> Fault | None:
    """Return why an order is refused beside the account's positions and orders, if it is.

    Parameters
    ----------
    pdt : bool
        Whether day traders are protected from themselves, as until 2026-06-04: below 25,000 USD
        at the close before, nothing is opened after three day trades in five days.
    """
    beside = [other for other in state.open_orders(order.symbol) if other.account_id == account.id]
    for other in beside:
        if may_wash(other, order):
            is_limit = other.type is OrderType.LIMIT
            return faults.wash_trade(other.id if is_limit else None)
    if not order.is_opening:
        return _without_shares(order, account, state, order.qty or NOTHING)
    if order.order_class is OrderClass.OCO:
        return faults.forbidden("oco orders must be exit orders")
    if pdt and account.day_trades >= _DAY_TRADES and account.last_equity < _DAY_TRADER_FROM_USD:
        return faults.DAY_TRADING
    for other in beside:
        if other.is_opening and other.side is not order.side:
            mine, its = ("long buy", "short sell") if order.is_buy else ("short sell", "long buy")
            return faults.forbidden(f"cannot open a {mine} while a {its} order is open")
    if not order.is_buy and (fault := _cannot_short(order, account, asset, balances)):
        return fault
    power, cost = balances().buying_power, order.committed
    return faults.insufficient_buying_power(power, cost) if cost > power else None


def without_shares(order: Order, account: Account, state: State, more: Decimal) -> Fault | None:
    """Return why an exit cannot take ``more`` shares than it has, if it cannot."""
    if order.is_opening or more <= 0 or order.is_asleep:
        return None
    return _without_shares(order, account, state, more)


def unit_cost(order: Order, market: Market | None, phase: Phase, stale_quote_ns: int) -> Decimal:
    """Return what a share of an opening order takes of the buying power, USD.

    A market order is charged the far side of the quote in the core session, the last print
    outside; a short sale the dearer of its limit and 3 % above the ask. Of an order by notional
    the notional itself is returned.
    """
    if not order.is_opening:
        return NOTHING
    if order.notional is not None:
        return order.notional
    far = NOTHING
    if market is not None and market.is_known:
        far = decimal_price(market.touch(stale_quote_ns, buys=True))
        if phase is not Phase.CORE and market.last_ts >= 0:
            far = decimal_price(market.last)
    if not order.is_buy:
        return max(order.limit_price or NOTHING, far * _SHORT_MARKUP)
    return order.limit_price or order.stop_price or far


def auction_missed(request: OrderRequest, now: int, hours: Hours) -> Fault | None:
    """Return the refusal of an order that comes too late for its auction, if it does."""
    reopens = hours.close_ns + _AUCTIONS_REOPEN_NS
    shuts = {
        TimeInForce.OPG: hours.open_ns - _OPG_SHUTS_NS,
        TimeInForce.CLS: hours.close_ns - _CLS_SHUTS_NS,
    }.get(request.time_in_force, reopens)
    if shuts <= now < reopens:
        return faults.not_processable(
            f"{request.time_in_force} orders are not accepted at this time of day"
        )
    return None


def intent(side: Side, held: Decimal) -> str:
    """Return what an order does to a position of signed shares, in Alpaca's words."""
    closes = held < 0 if side is Side.BUY else held > 0
    return f"{side}_to_{'close' if closes else 'open'}"


def _without_shares(order: Order, account: Account, state: State, wanted: Decimal) -> Fault | None:
    existing = abs(account.held(order.symbol))
    groups = holdings(state, account.id, order.symbol)
    held = sum(groups.values(), NOTHING)
    if wanted <= existing - held:
        return None
    return faults.insufficient_qty(order.symbol, wanted, existing, held, list(groups))


def _cannot_short(
    order: Order, account: Account, asset: Asset, balances: Callable[[], Balances]
) -> Fault | None:
    if account.configuration.no_shorting or balances().equity < MARGIN_FROM_USD:
        return faults.NOT_ALLOWED_TO_SHORT
    if not asset.shortable:
        return faults.not_shortable(order.symbol)
    if order.qty is None or order.qty != order.qty.to_integral_value():
        return faults.not_processable("fractional orders cannot be sold short")
    return None


def _stop_in_the_market(request: OrderRequest, last: Decimal | None) -> Fault | None:
    if request.stop_price is None or last is None or request.order_class is not OrderClass.SIMPLE:
        return None
    if request.side is Side.SELL and request.stop_price >= last:
        return faults.STOP_NOT_BELOW
    if request.side is Side.BUY and request.stop_price <= last:
        return faults.STOP_NOT_ABOVE
    return None
