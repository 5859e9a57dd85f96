"""The assets of the trading API, made from the recorded day's symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from starlette.requests import Request

from engine.domain.market_data.recorded import MarketData
from engine.domain.markets.reference import Instrument, Reference
from simulator.market_data.door import Visit
from simulator.market_data.query import one_of
from simulator.market_data.refusal import Refused

EXCHANGES = ("AMEX", "ARCA", "BATS", "NYSE", "NASDAQ", "NYSEARCA", "OTC")
_BY_LETTER = {"A": "AMEX", "N": "NYSE", "P": "ARCA", "Q": "NASDAQ", "Z": "BATS", "U": "OTC"}
_BY_TAPE = {"A": "NYSE", "B": "ARCA", "C": "NASDAQ", "O": "OTC"}
_CLASSES = ("us_equity", "us_option", "crypto")
_MARGIN = "30"


def asset_id(symbol: str) -> str:
    """Return the id of a symbol's asset: the one its orders and positions carry."""
    return str(uuid5(NAMESPACE_DNS, f"us_equity:{symbol}"))


def asset(instrument: Instrument) -> dict[str, Any]:
    """Return an instrument as the trading API tells it."""
    return {
        "id": asset_id(instrument.symbol),
        "class": "us_equity",
        "exchange": exchange(instrument),
        "symbol": instrument.symbol,
        "name": instrument.name or instrument.symbol,
        "status": "active",
        "tradable": True,
        "marginable": True,
        "maintenance_margin_requirement": int(_MARGIN),
        "margin_requirement_long": _MARGIN,
        "margin_requirement_short": _MARGIN,
        "shortable": True,
        "easy_to_borrow": True,
        "borrow_status": "easy_to_borrow",
        "fractionable": True,
        "attributes": [],
        "cusip": None,
    }


def exchange(instrument: Instrument) -> str:
    """Return the listing exchange by its name; Nasdaq where nothing is known of it."""
    if instrument.exchange in EXCHANGES:
        return instrument.exchange
    return _BY_LETTER.get(instrument.exchange) or _BY_TAPE.get(instrument.tape, "NASDAQ")


class Assets:
    """Answers about the assets of one day.

    Parameters
    ----------
    changed
        Returns, by symbol, what is different by now of what was listed in the morning.
    """

    def __init__(
        self,
        reference: Reference,
        day: date,
        changed: Callable[[], Mapping[str, Mapping[str, Any]]] = dict,
    ) -> None:
        self._reference = reference
        self._day = day
        self._changed = changed

    @property
    def by_symbol(self) -> Mapping[str, dict[str, Any]]:
        """Every asset as it stands now."""
        listed, changes = self._listed, self._changed()
        known = {symbol: new for symbol, new in changes.items() if symbol in listed}
        return {**listed, **{symbol: listed[symbol] | dict(new) for symbol, new in known.items()}}

    @cached_property
    def _listed(self) -> Mapping[str, dict[str, Any]]:
        """Every asset, sorted by exchange and symbol as the API sorts them."""
        rows = [asset(instrument) for instrument in self._reference.instruments(self._day)]
        rows.sort(key=lambda row: (row["exchange"], row["symbol"]))
        return {row["symbol"]: row for row in rows}

    @cached_property
    def _by_id(self) -> dict[str, str]:
        return {row["id"]: row["symbol"] for row in self._listed.values()}

    def all(self, request: Request, visit: Visit) -> list[dict[str, Any]]:  # noqa: ARG002
        """Answer ``/v2/assets``."""
        status = request.query_params.get("status") or "active"
        kind = one_of(request, "asset_class", _CLASSES, "us_equity")
        place = request.query_params.get("exchange")
        if status not in ("active", "inactive", "all") or kind != "us_equity":
            return []
        if request.query_params.get("attributes"):
            return []
        return [
            row
            for row in self.by_symbol.values()
            if status in ("all", row["status"]) and (not place or row["exchange"] == place)
        ]

    def one(self, request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG002
        """Answer ``/v2/assets/{symbol_or_asset_id}``."""
        name: str = request.path_params["symbol_or_asset_id"]
        found = self.by_symbol.get(self._by_id.get(name) or name)
        if found is None:
            raise Refused(404, f"asset not found for {name}", 40410000)
        return found


class Unlisted:
    """What a recorded day says of its symbols by itself: no names, no news."""

    def __init__(self, market: MarketData) -> None:
        self._market = market

    def instruments(self, day: date) -> list[Instrument]:
        """Return every symbol that trades on a date; reads the day's whole tape."""
        tapes = self._market.tapes(day)
        names = set(tapes)
        for letter in self._market.letters(day):
            for batch in self._market.trade_batches(day, letter):
                names.update(batch.symbols)
        return [Instrument(name, tapes.get(name, "")) for name in sorted(names)]

    def news(self, start_ns: int, end_ns: int) -> list[Any]:  # noqa: ARG002  (the port)
        """Return nothing: none is recorded."""
        return []

    def corporate_actions(self, start: date, end: date) -> list[Any]:  # noqa: ARG002  (the port)
        """Return nothing: none is recorded."""
        return []
