"""The stocks that can be traded, as instruments; and on which tape each is printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from nautilus_trader.live.providers import InstrumentProvider
from numpy.typing import NDArray

from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.wire.rest import VenueAsset
from engine.domain.markets.instrument import ALPACA_STOCKS
from engine.runtime.bridge.values import instrument_id, nautilus_instrument

_TAPES = {
    "NYSE": "A",
    "AMEX": "B",
    "ARCA": "B",
    "BATS": "B",
    "NYSEARCA": "B",
    "NASDAQ": "C",
    "OTC": "O",
}
"""Tape by listing exchange (consolidated tape plans)."""


class AlpacaInstruments(InstrumentProvider):
    """All active, tradable stocks of the venue.

    Parameters
    ----------
    listed : sequence of VenueAsset, optional
        The assets, if they have just been asked for: reading 11,000 takes half a second.

    Attributes
    ----------
    stocks : UsStocks
        What its stocks are like, and at which venue they are traded.
    tapes : dict
        Tape letter by symbol, filled when the assets are loaded; what was given stays.
    """

    def __init__(
        self,
        rest: AlpacaRest,
        tapes: dict[str, str],
        listed: Sequence[VenueAsset] | None = None,
    ) -> None:
        super().__init__()
        self.stocks = ALPACA_STOCKS
        self._rest = rest
        self._listed = listed
        self._asked: tuple[str, ...] = ()
        self._found = np.zeros(0, np.bool_)
        self.tapes = tapes

    async def load_all_async(self, filters: dict[str, Any] | None = None) -> None:
        """Load every stock; ``filters`` are not used.

        Raises
        ------
        VenueUnavailable, VenueRejected
            The venue does not list its assets.
        """
        del filters
        listed = (await self._rest.assets()).rows if self._listed is None else self._listed
        stocks = [asset for asset in listed if _is_stock(asset)]
        for asset in stocks:
            self.add(nautilus_instrument(self.stocks.find(asset.symbol)))
        self._asked, self._found = (), np.zeros(0, np.bool_)
        for symbol, tape in listed_tapes(stocks).items():
            self.tapes.setdefault(symbol, tape)

    def knows(self, symbol: str) -> bool:
        """Say whether a stock is among them."""
        return self.find(instrument_id(symbol, self.stocks.venue)) is not None

    def among(self, symbols: tuple[str, ...]) -> NDArray[np.bool_]:
        """Say of each symbol of a feed's table whether it is one of them.

        A feed's table only grows, and most frames bring no new symbol: what was found is kept.
        """
        if symbols is not self._asked:
            is_grown = symbols[: len(self._asked)] == self._asked
            start = len(self._asked) if is_grown else 0
            new = np.array([self.knows(symbol) for symbol in symbols[start:]], np.bool_)
            self._found = np.concatenate([self._found[:start], new])
            self._asked = symbols
        return self._found


def listed_tapes(assets: Iterable[VenueAsset]) -> dict[str, str]:
    """Return the tape letter of each stock, by its listing exchange."""
    return {asset.symbol: _TAPES[asset.exchange] for asset in assets if asset.exchange in _TAPES}


def _is_stock(asset: VenueAsset) -> bool:
    is_equity = asset.asset_class in {"us_equity", ""}
    return is_equity and asset.tradable and asset.status == "active"
