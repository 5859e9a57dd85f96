"""What must be known of a recorded day before it is played."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from engine.domain.errors import NotFoundError
from engine.domain.market_data.conditions import REVERSAL_MARK
from engine.domain.market_data.recorded import MarketData


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """One pass over a day's prints.

    Attributes
    ----------
    symbols : tuple of str
        All that have any, in alphabetical order.
    taken_back : int64 array
        ``ts_event`` of every print that a later row takes back.
    """

    symbols: tuple[str, ...]
    taken_back: NDArray[np.int64]


def survey(market: MarketData, day: date) -> Survey:
    """Look through a day.

    Raises
    ------
    NotFoundError
        It has no prints.
    """
    with ThreadPoolExecutor(2) as readers:
        found = list(readers.map(lambda letter: _letter(market, day, letter), market.letters(day)))
    symbols = {symbol for of_letter, _ in found for symbol in of_letter}
    if not symbols:
        raise NotFoundError(f"no trades are stored for {day}; `tradectl catalog show` lists days")
    return Survey(tuple(sorted(symbols)), np.concatenate([times for _, times in found]))


def _letter(market: MarketData, day: date, letter: str) -> tuple[set[str], NDArray[np.int64]]:
    symbols: set[str] = set()
    times: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    for batch in market.trade_batches(day, letter):
        symbols.update(batch.symbols[n] for n in np.flatnonzero(np.bincount(batch.symbol_id)))
        reverses = np.array([c.startswith(REVERSAL_MARK) for c in batch.conditions], np.bool_)
        if reverses.any():
            times.append(batch.ts_event[reverses[batch.condition_id]])
    return symbols, np.concatenate(times)
