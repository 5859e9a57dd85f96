"""What each symbol is like: tape, activity, price, volatility, spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from catalog.schema import INSTRUMENTS
from catalog.synth.recipe import Recipe, Stream
from catalog.synth.tickers import ETFS, INDEX_ETFS, tickers

_INDEX_PRICES = (560.0, 480.0, 220.0)
_NYSE_LENGTH = 3
_LISTED_AT = {"A": "N", "B": "P", "C": "Q"}


@dataclass(frozen=True, slots=True, eq=False)
class Listings:
    """Traits of all symbols; arrays of shape (n_symbols,), symbols in alphabetical order.

    Attributes
    ----------
    tapes : tuple of str
        ``A`` New York, ``B`` funds and regional listings, ``C`` Nasdaq.
    share : float64 array
        Share of the day's ordinary prints, summing to 1.
    price : float64 array
        USD at the start of the day.
    volatility : float64 array
        Standard deviation of the symbol's own logarithmic price over the day.
    beta : float64 array
        How much of the market's drift the symbol takes part in.
    spread_bps : float64 array
        Usual quoted spread, where the tick allows it.
    """

    symbols: tuple[str, ...]
    tapes: tuple[str, ...]
    share: NDArray[np.float64]
    price: NDArray[np.float64]
    volatility: NDArray[np.float64]
    beta: NDArray[np.float64]
    spread_bps: NDArray[np.float64]

    def instruments(self) -> pa.Table:
        """Return the rows of the catalog's instruments table."""
        return pa.Table.from_pylist(
            [
                {
                    "symbol": symbol,
                    "tape": tape,
                    "exchange": _LISTED_AT[tape],
                    "name": f"{symbol} (synthetic)",
                }
                for symbol, tape in zip(self.symbols, self.tapes, strict=True)
            ],
            INSTRUMENTS,
        )


def listings(recipe: Recipe) -> Listings:
    """Return the traits of a recipe's symbols; the busier, the calmer and the tighter."""
    shares = tickers(recipe.symbols)
    symbols, share = tuple(shares), np.array(list(shares.values()))
    chance = recipe.chance(Stream.LISTINGS)
    rank = np.argsort(np.argsort(-share, kind="stable"), kind="stable") / len(symbols)
    price = np.exp(chance.normal(np.log(38.0) - 0.9 * rank, 0.9)).clip(0.2, 480.0)
    volatility = np.exp(chance.normal(np.log(0.013) + 0.5 * rank, 0.3)).clip(0.004, 0.06)
    beta = chance.normal(1.0, 0.35, len(symbols))
    spread_bps = np.exp(chance.normal(np.log(2.0) + 2.0 * rank, 0.4))
    for index, index_price in zip(INDEX_ETFS, _INDEX_PRICES, strict=True):
        if index in symbols:
            at = symbols.index(index)
            price[at], volatility[at], beta[at], spread_bps[at] = index_price, 0.0015, 1.0, 0.3
    tapes = tuple(
        "C" if symbol == "QQQ" else "B" if symbol in ETFS else _tape(symbol) for symbol in symbols
    )
    return Listings(symbols, tapes, share, price, volatility, beta, spread_bps)


def _tape(symbol: str) -> str:
    return "A" if len(symbol) <= _NYSE_LENGTH else "C"
