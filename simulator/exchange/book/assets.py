"""What can be traded at the look-alike."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from engine.domain.markets.reference import Instrument

_ASSETS = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
_EXCHANGES = ("AMEX", "ARCA", "BATS", "NYSE", "NASDAQ", "NYSEARCA", "OTC")
_BY_LETTER = {"A": "AMEX", "N": "NYSE", "P": "ARCA", "Q": "NASDAQ", "Z": "BATS", "U": "OTC"}
_BY_TAPE = {"A": "NYSE", "B": "ARCA", "C": "NASDAQ", "O": "OTC"}


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
    """Return stocks of which only the symbols are known, by symbol."""
    return assets_of(map(Instrument, symbols))


def assets_of(instruments: Iterable[Instrument]) -> dict[str, Asset]:
    """Return instruments as stocks that can be traded in every way, by symbol."""
    return {
        each.symbol: Asset(
            id=asset_id(each.symbol),
            symbol=each.symbol,
            name=each.name or each.symbol,
            exchange=_exchange(each),
        )
        for each in instruments
    }


def _exchange(instrument: Instrument) -> str:
    """Return the listing exchange by its name; Nasdaq where nothing is known of it."""
    if instrument.exchange in _EXCHANGES:
        return instrument.exchange
    return _BY_LETTER.get(instrument.exchange) or _BY_TAPE.get(instrument.tape, "NASDAQ")
