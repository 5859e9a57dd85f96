"""Orders, positions, accounts and activities as the look-alike's JSON, field by field.

The order of fields is that of the samples in Alpaca's OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from simulator.exchange.book.accounts import Account, Balances, Fill, Position, Watchlist
from simulator.exchange.book.assets import Asset
from simulator.exchange.book.numbers import plain
from simulator.exchange.book.orders import NOTHING, Order
from simulator.exchange.book.state import OrderEvent
from simulator.instants import rfc3339

_DAY_TRADES = 3
_MARGIN = "30"
_DEPRECATED = {"dtbp_check": "entry", "pdt_check": "entry"}
_RATIO = Decimal("0.0000000000000001")
_MEAN = Decimal("0.000000001")


def order_body(order: Order, legs: Iterable[Order] | None = None) -> dict[str, Any]:
    """Return an order; ``legs`` only where they are asked for nested."""
    nested = None if legs is None else [order_body(leg) for leg in legs]
    return {
        "asset_class": "us_equity",
        "asset_id": order.asset_id,
        "canceled_at": _time(order.canceled_at),
        "client_order_id": order.client_order_id,
        "created_at": rfc3339(order.created_at),
        "expired_at": _time(order.expired_at),
        "expires_at": rfc3339(order.created_at if order.expires_at is None else order.expires_at),
        "extended_hours": order.extended_hours,
        "failed_at": _time(order.failed_at),
        "filled_at": _time(order.filled_at),
        "filled_avg_price": None
        if order.filled_avg_price is None
        else mean(order.filled_avg_price),
        "filled_qty": plain(order.filled_qty),
        "hwm": _number(order.hwm),
        "id": order.id,
        "legs": nested or None,
        "limit_price": _number(order.limit_price),
        "notional": _number(order.notional),
        "order_class": order.order_class.value,
        "order_type": order.type.value,
        "position_intent": order.position_intent,
        "qty": _number(order.qty),
        "replaced_at": _time(order.replaced_at),
        "replaced_by": order.replaced_by,
        "replaces": order.replaces,
        "side": order.side.value,
        "source": None,
        "status": order.status.value,
        "stop_price": _number(order.stop_price),
        "submitted_at": rfc3339(order.submitted_at),
        "subtag": None,
        "symbol": order.symbol,
        "time_in_force": order.time_in_force.value,
        "trail_percent": _number(order.trail_percent),
        "trail_price": _number(order.trail_price),
        "type": order.type.value,
        "updated_at": rfc3339(order.updated_at),
    }


def event_body(event: OrderEvent) -> dict[str, Any]:
    """Return the ``data`` of a ``trade_updates`` message."""
    requested = {"cancel_requested_at": _time(event.order.cancel_requested_at)}
    body: dict[str, Any] = {
        "event": event.event,
        "execution_id": event.execution_id,
        "order": order_body(event.order, event.legs) | requested,
        "timestamp": rfc3339(event.ts),
    }
    if event.price is not None and event.qty is not None and event.position_qty is not None:
        body |= {
            "position_qty": plain(event.position_qty),
            "price": plain(event.price),
            "qty": plain(event.qty),
        }
    return body


def position_body(
    position: Position, asset: Asset, price: Decimal, held_for_orders: Decimal
) -> dict[str, Any]:
    """Return a position at a price; a short one is negative in ``qty`` and says so in ``side``."""
    value, cost = position.qty * price, position.cost
    profit = value - cost
    day_before = asset.lastday_price or price
    available = abs(position.qty) - held_for_orders
    share = _ratio(profit, abs(cost))
    return {
        "asset_class": "us_equity",
        "asset_id": asset.id,
        "asset_marginable": asset.marginable,
        "avg_entry_price": mean(position.avg_entry_price),
        "change_today": _ratio(price - day_before, day_before),
        "cost_basis": mean(cost),
        "current_price": plain(price),
        "exchange": asset.exchange,
        "lastday_price": plain(day_before),
        "market_value": plain(value),
        "qty": plain(position.qty),
        "qty_available": plain(available if position.qty > 0 else -available),
        "side": "long" if position.qty > 0 else "short",
        "symbol": position.symbol,
        "unrealized_intraday_pl": mean(profit),
        "unrealized_intraday_plpc": share,
        "unrealized_pl": mean(profit),
        "unrealized_plpc": share,
    }


def account_body(account: Account, worth: Balances) -> dict[str, Any]:
    """Return an account with its balances."""
    return {
        "account_blocked": account.account_blocked,
        "account_number": account.account_number,
        "accrued_fees": "0",
        "balance_asof": account.balance_asof or rfc3339(account.created_at)[:10],
        "buying_power": plain(worth.buying_power),
        "cash": plain(account.cash),
        "created_at": rfc3339(account.created_at),
        "currency": "USD",
        "daytrade_count": account.day_trades,
        "daytrading_buying_power": plain(worth.buying_power),
        "equity": plain(worth.equity),
        "id": account.id,
        "initial_margin": plain(worth.initial_margin),
        "intraday_adjustments": "0",
        "last_equity": plain(account.last_equity),
        "last_maintenance_margin": plain(account.last_maintenance_margin),
        "long_market_value": plain(worth.long_market_value),
        "maintenance_margin": plain(worth.maintenance_margin),
        "multiplier": str(worth.multiplier),
        "non_marginable_buying_power": plain(worth.non_marginable_buying_power),
        "options_approved_level": 0,
        "options_buying_power": plain(worth.non_marginable_buying_power),
        "options_trading_level": 0,
        "pattern_day_trader": account.day_trades > _DAY_TRADES,
        "pending_reg_taf_fees": "0",
        "portfolio_value": plain(worth.equity),
        "regt_buying_power": plain(worth.regt_buying_power),
        "short_market_value": plain(worth.short_market_value),
        "shorting_enabled": not account.configuration.no_shorting,
        "sma": "0",
        "status": account.status,
        "trade_suspended_by_user": account.configuration.suspend_trade,
        "trading_blocked": account.trading_blocked,
        "transfers_blocked": False,
    }


def configuration_body(account: Account) -> dict[str, Any]:
    """Return what the owner of an account has set."""
    body: dict[str, Any] = msgspec.to_builtins(account.configuration)
    return dict(sorted((_DEPRECATED | body).items()))


def fill_body(fill: Fill) -> dict[str, Any]:
    """Return a fill as the account's activities list it."""
    return {
        "activity_type": "FILL",
        "cum_qty": plain(fill.cum_qty),
        "id": fill.id,
        "leaves_qty": plain(fill.leaves_qty),
        "order_id": fill.order_id,
        "order_status": fill.order_status,
        "price": plain(fill.price),
        "qty": plain(fill.qty),
        "side": fill.side,
        "symbol": fill.symbol,
        "transaction_time": rfc3339(fill.ts),
        "type": "fill" if not fill.leaves_qty else "partial_fill",
    }


def asset_body(asset: Asset) -> dict[str, Any]:
    """Return an asset, as every answer tells it."""
    return {
        "attributes": list(asset.attributes),
        "borrow_status": "easy_to_borrow" if asset.shortable else "hard_to_borrow",
        "class": "us_equity",
        "cusip": None,
        "easy_to_borrow": asset.shortable,
        "exchange": asset.exchange,
        "fractionable": asset.fractionable,
        "id": asset.id,
        "maintenance_margin_requirement": int(_MARGIN),
        "margin_requirement_long": _MARGIN,
        "margin_requirement_short": _MARGIN,
        "marginable": asset.marginable,
        "name": asset.name,
        "shortable": asset.shortable,
        "status": asset.status,
        "symbol": asset.symbol,
        "tradable": asset.tradable,
    }


def watchlist_body(
    watchlist: Watchlist, account_id: str, assets: Iterable[Asset] | None = None
) -> dict[str, Any]:
    """Return a watchlist; its assets only where one is asked for by itself."""
    told: dict[str, Any] = {
        "account_id": account_id,
        "created_at": rfc3339(watchlist.created_at),
        "id": watchlist.id,
        "name": watchlist.name,
        "updated_at": rfc3339(watchlist.updated_at),
    }
    if assets is not None:
        told["assets"] = [asset_body(asset) for asset in assets]
    return told


def mean(value: Decimal) -> str:
    """Return a mean or a sum of means, rounded to nine decimals."""
    return plain(value.quantize(_MEAN, ROUND_HALF_UP))


def _ratio(part: Decimal, whole: Decimal) -> str:
    return plain((part / whole if whole else NOTHING).quantize(_RATIO, ROUND_HALF_UP))


def _number(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _time(ts: int | None) -> str | None:
    return None if ts is None else rfc3339(ts)
