"""Which orders the venue would refuse, known before they are sent."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from adapters.alpaca.orders.price_rules import is_on_grid, is_stop_beyond
from adapters.alpaca.orders.requests import OrderRequest, ReplaceRequest

MAX_CLIENT_ORDER_ID = 128
"""Most characters of a client order id."""

_MAX_DECIMALS = 9
_RESTING = frozenset({"day", "gtc"})
_COMPLEX = frozenset({"bracket", "oco", "oto"})
_HAS_LIMIT = frozenset({"limit", "stop_limit"})
_HAS_STOP = frozenset({"stop", "stop_limit"})
_TYPES = frozenset({"market", "limit", "stop", "stop_limit", "trailing_stop"})
_TIMES_IN_FORCE = frozenset({"day", "gtc", "opg", "cls", "ioc", "fok"})


class RefusalReason(StrEnum):
    """Why an order is not sent."""

    CLIENT_ORDER_ID = "client_order_id"
    UNKNOWN_TERM = "unknown_term"
    QUANTITY = "quantity"
    FRACTION = "fraction"
    PRICES_OF_TYPE = "prices_of_type"
    PRICE_GRID = "price_grid"
    LEGS = "legs"
    STOP_DISTANCE = "stop_distance"
    TIME_IN_FORCE = "time_in_force"
    EXTENDED_HOURS = "extended_hours"
    NO_CHANGE = "no_change"


class Refusal(msgspec.Struct, frozen=True):
    """An order that is not sent, and why."""

    reason: RefusalReason
    text: str


def refuse(order: OrderRequest, market: Decimal | None = None) -> Refusal | None:
    """Return why the venue would refuse an order, None when nothing speaks against it.

    What only the venue can know is left to it: buying power, shares held, the asset.

    Parameters
    ----------
    market : Decimal, optional
        Price of the last trade in USD: stops must lie beyond it.
    """
    checks = (
        _terms(order),
        _quantity(order),
        _prices_of_type(order),
        _legs(order),
        _grid(order),
        _time_in_force(order),
        _stop_distance(order, market),
    )
    return next((refusal for refusal in checks if refusal), None)


def refuse_replace(change: ReplaceRequest) -> Refusal | None:
    """Return why the venue would refuse a change whatever the order, None when nothing does."""
    if not 1 <= len(change.client_order_id) <= MAX_CLIENT_ORDER_ID:
        return _bad_id(change.client_order_id)
    changes = (change.qty, change.time_in_force, change.limit_price, change.stop_price)
    if all(value is None for value in (*changes, change.trail)):
        return Refusal(RefusalReason.NO_CHANGE, "the replacement changes nothing")
    for name, value in (("qty", change.qty), ("trail", change.trail)):
        if value is not None and not (value.is_finite() and value > 0):
            return Refusal(RefusalReason.QUANTITY, f"{name} is {value}, expected > 0")
    prices = {"limit_price": change.limit_price, "stop_price": change.stop_price}
    return _off_grid(prices)


def _terms(order: OrderRequest) -> Refusal | None:
    if not 1 <= len(order.client_order_id) <= MAX_CLIENT_ORDER_ID:
        return _bad_id(order.client_order_id)
    known: tuple[tuple[str, str, frozenset[str]], ...] = (
        ("side", order.side, frozenset({"buy", "sell"})),
        ("type", order.type, _TYPES),
        ("time_in_force", order.time_in_force, _TIMES_IN_FORCE),
        ("order_class", order.order_class, _COMPLEX | {"simple"}),
    )
    for name, value, values in known:
        if value not in values:
            expected = ", ".join(sorted(values))
            text = f"{name} is {value!r}, expected one of {expected}"
            return Refusal(RefusalReason.UNKNOWN_TERM, text)
    return None


def _bad_id(client_order_id: str) -> Refusal:
    text = f"client_order_id has {len(client_order_id)} characters, expected 1 to 128"
    return Refusal(RefusalReason.CLIENT_ORDER_ID, text)


def _quantity(order: OrderRequest) -> Refusal | None:
    if (order.qty is None) == (order.notional is None):
        return Refusal(RefusalReason.QUANTITY, "exactly one of qty and notional is needed")
    amount = order.notional if order.qty is None else order.qty
    if amount is None or not amount.is_finite() or amount <= 0:
        return Refusal(RefusalReason.QUANTITY, f"the quantity is {amount}, expected > 0")
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_MAX_DECIMALS:
        text = f"the quantity {amount} has more than {_MAX_DECIMALS} decimals"
        return Refusal(RefusalReason.QUANTITY, text)
    whole = order.qty is not None and order.qty == order.qty.to_integral_value()
    if whole or (order.time_in_force == "day" and order.order_class == "simple"):
        return None
    return Refusal(
        RefusalReason.FRACTION,
        f"fractional orders must be simple DAY orders, this is {order.order_class} "
        f"{order.time_in_force} over {amount} {'shares' if order.qty else 'USD'}",
    )


def _prices_of_type(order: OrderRequest) -> Refusal | None:
    # An OCO is of type limit; its price stands with the take profit.
    needs_limit = order.type in _HAS_LIMIT and order.order_class != "oco"
    needs_trail = order.type == "trailing_stop"
    trails = (order.trail_price is not None) + (order.trail_percent is not None)
    expected = {
        "limit_price": (needs_limit, order.limit_price is not None),
        "stop_price": (order.type in _HAS_STOP, order.stop_price is not None),
        "trail_price or trail_percent, one of them,": (needs_trail, trails > 0),
    }
    for name, (needed, given) in expected.items():
        if needed != given or trails > 1:
            text = f"{order.type} orders must {'' if needed else 'not '}have {name}"
            return Refusal(RefusalReason.PRICES_OF_TYPE, text)
    return None


def _legs(order: OrderRequest) -> Refusal | None:
    legs = (order.take_profit is not None) + (order.stop_loss is not None)
    wanted = {"simple": 0, "oto": 1, "bracket": 2, "oco": 2}[order.order_class]
    entry = {"oco": {"limit"}, "bracket": {"market", "limit"}}.get(order.order_class, _TYPES)
    if legs != wanted:
        text = f"{order.order_class} orders have {wanted} of take_profit and stop_loss, not {legs}"
    elif order.type not in entry:
        text = f"{order.order_class} orders are of type {' or '.join(sorted(entry))}"
    elif order.type == "trailing_stop" and wanted:
        text = "trailing stops are simple orders"
    else:
        return None
    return Refusal(RefusalReason.LEGS, text)


def _grid(order: OrderRequest) -> Refusal | None:
    prices = {"limit_price": order.limit_price, "stop_price": order.stop_price}
    if order.take_profit:
        prices["take_profit.limit_price"] = order.take_profit.limit_price
    if order.stop_loss:
        prices["stop_loss.stop_price"] = order.stop_loss.stop_price
        prices["stop_loss.limit_price"] = order.stop_loss.limit_price
    for trail in (order.trail_price, order.trail_percent):
        if trail is not None and not (trail.is_finite() and trail > 0):
            return Refusal(RefusalReason.PRICE_GRID, f"the trail is {trail}, expected > 0")
    return _off_grid(prices)


def _off_grid(prices: dict[str, Decimal | None]) -> Refusal | None:
    for name, price in prices.items():
        if price is not None and not is_on_grid(price):
            text = (
                f"{name} is {price} USD, expected > 0 with at most 2 decimals from 1 USD on "
                "and 4 below (rule 612)"
            )
            return Refusal(RefusalReason.PRICE_GRID, text)
    return None


def _time_in_force(order: OrderRequest) -> Refusal | None:
    if order.extended_hours and not (
        order.type == "limit" and order.time_in_force in _RESTING and order.order_class == "simple"
    ):
        text = (
            "outside regular hours only simple limit orders of day or gtc trade, this is "
            f"{order.order_class} {order.type} {order.time_in_force}"
        )
        return Refusal(RefusalReason.EXTENDED_HOURS, text)
    must_rest = order.order_class in _COMPLEX or order.type == "trailing_stop"
    if must_rest and order.time_in_force not in _RESTING:
        what = order.order_class if order.order_class in _COMPLEX else order.type
        text = f"{what} orders must be day or gtc, not {order.time_in_force}"
        return Refusal(RefusalReason.TIME_IN_FORCE, text)
    return None


def _stop_distance(order: OrderRequest, market: Decimal | None) -> Refusal | None:
    """Return what is wrong with the stops: the order's own, and that of its protective leg."""
    if order.stop_price is not None and order.order_class == "simple":
        return _too_near(order.side, order.stop_price, market, "the market")
    if order.stop_loss is None:
        return None
    stop, take = order.stop_loss.stop_price, order.take_profit
    if order.order_class == "oco":
        exit_side = order.side
        bases = {"the take profit": take.limit_price if take else None}
    else:
        exit_side = "sell" if order.side == "buy" else "buy"
        bases = {
            "the entry's limit": order.limit_price,
            "the take profit": take.limit_price if take else None,
        }
    for name, base in {**bases, "the market": market}.items():
        if refusal := _too_near(exit_side, stop, base, name):
            return refusal
    return None


def _too_near(side: str, stop: Decimal, base: Decimal | None, name: str) -> Refusal | None:
    if base is None or is_stop_beyond(side, stop, base):
        return None
    where = "below" if side == "sell" else "above"
    text = f"a {side} stop at {stop} USD must lie at least 0.01 {where} {name}, {base} USD"
    return Refusal(RefusalReason.STOP_DISTANCE, text)
