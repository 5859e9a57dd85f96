"""Which new order the venue would refuse as a wash trade, known before it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

_COMPLEX = frozenset({"bracket", "oco", "oto"})
_NEVER_BESIDE = frozenset({"market", "stop"})


class WashSide(Protocol):
    """What the rule looks at; a new request and an open order of the venue both have it."""

    @property
    def symbol(self) -> str:
        """Ticker."""
        ...

    @property
    def side(self) -> str:
        """``buy`` or ``sell``."""
        ...

    @property
    def type(self) -> str:
        """``market``, ``limit``, ``stop``, ``stop_limit`` or ``trailing_stop``."""
        ...

    @property
    def order_class(self) -> str:
        """``bracket``, ``oco``, ``oto``, else a simple order."""
        ...

    @property
    def limit_price(self) -> Decimal | None:
        """USD, None where the type has none."""
        ...


def wash_trade(existing: WashSide, new: WashSide) -> bool:
    """Say whether an open order makes the venue refuse a new one.

    Of two opposite orders of one symbol a market or stop order never stands beside another; a
    limit or stop limit pair is refused when the buy's limit is at or above the sell's. Orders of
    a complex class and trailing stops are exempt. The venue answers 403, code 40310000,
    "potential wash trade detected. use complex orders" (Alpaca, user protection).
    """
    if existing.symbol != new.symbol or existing.side == new.side:
        return False
    if _is_exempt(existing) or _is_exempt(new):
        return False
    if existing.type in _NEVER_BESIDE or new.type in _NEVER_BESIDE:
        return True
    buy, sell = (existing, new) if existing.side == "buy" else (new, existing)
    if buy.limit_price is None or sell.limit_price is None:
        return True
    return buy.limit_price >= sell.limit_price


def first_wash_trade[T: WashSide](existing: Iterable[T], new: WashSide) -> T | None:
    """Return the first open order that a new one would trade with, None when it may be sent."""
    return next((order for order in existing if wash_trade(order, new)), None)


def _is_exempt(order: WashSide) -> bool:
    return order.order_class in _COMPLEX or order.type == "trailing_stop"
