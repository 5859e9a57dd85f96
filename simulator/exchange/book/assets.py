"""What can be traded at the look-alike."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid5

import msgspec

_ASSETS = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One stock, by the attributes that decide about its orders."""

    id: str
    symbol: str
    name: str = ""
    exchange: str = "NASDAQ"
    status: str = "active"
    tradable: bool = True
    marginable: bool = True
    shortable: bool = True
    fractionable: bool = True
    attributes: tuple[str, ...] = ()
    lastday_price: Decimal | None = None


class Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a stock stands since somebody changed it: delisted, renamed, closed to trading."""

    status: Literal["active", "inactive"] = "active"
    tradable: bool = True


def asset_id(symbol: str) -> str:
    """Return the id of a stock, the same in every run."""
    return str(uuid5(_ASSETS, f"us_equity:{symbol}"))


def listed(symbols: Iterable[str]) -> dict[str, Asset]:
    """Return stocks that can be traded in every way, by symbol."""
    return {symbol: Asset(id=asset_id(symbol), symbol=symbol, name=symbol) for symbol in symbols}
