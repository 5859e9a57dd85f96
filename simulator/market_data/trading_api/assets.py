"""The assets of the trading API: what can be traded on the day that is played."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from typing import Any

from starlette.requests import Request

from engine.domain.market_data.recorded import MarketData
from engine.domain.markets.reference import Instrument
from simulator.exchange.book.assets import Asset
from simulator.exchange.wire import asset_body
from simulator.market_data.requests.door import Visit
from simulator.market_data.requests.query import one_of
from simulator.market_data.requests.refusal import Refused

_CLASSES = ("us_equity", "us_option", "crypto")

type Listed = Callable[[], Mapping[str, Asset]]
"""Returns every asset as it stands now, by symbol."""


class Assets:
    """Answers about the assets of one day, the same that orders, positions and watchlists name."""

    def __init__(self, listed: Listed) -> None:
        self._listed = listed

    @cached_property
    def _by_id(self) -> dict[str, str]:
        return {asset.id: symbol for symbol, asset in self._listed().items()}

    def all(self, request: Request, visit: Visit) -> list[dict[str, Any]]:  # noqa: ARG002
        """Answer ``/v2/assets``, by exchange and symbol."""
        status = one_of(request.query_params, "status", ("active", "inactive", "all"), "active")
        kind = one_of(request.query_params, "asset_class", _CLASSES, "us_equity")
        place = request.query_params.get("exchange")
        if kind != "us_equity" or request.query_params.get("attributes"):
            return []
        found = sorted(self._listed().values(), key=lambda asset: (asset.exchange, asset.symbol))
        return [
            asset_body(asset)
            for asset in found
            if status in ("all", asset.status) and (not place or asset.exchange == place)
        ]

    def one(self, request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG002
        """Answer ``/v2/assets/{symbol_or_asset_id}``."""
        name: str = request.path_params["symbol_or_asset_id"]
        found = self._listed().get(self._by_id.get(name) or name)
        if found is None:
            raise Refused(404, f"asset not found for {name}", 40410000)
        return asset_body(found)


class Unlisted:
    """What a recorded day says of its symbols by itself: no names, no news."""

    def __init__(self, market: MarketData) -> None:
        self._market = market

    def on_record(self) -> list[Instrument]:
        """Return nothing: no listing is recorded."""
        return []

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
