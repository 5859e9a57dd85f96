"""A stretch of a recorded day in the one order in which everybody sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch

compiled: Any = njit(nogil=True, cache=True)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Prints and quotes with ``start <= ts_init < end``.

    Symbol ids are positions in the day's universe, which is alphabetical. At one instant quotes
    come before prints, and either by symbol.

    Attributes
    ----------
    trades, quotes
        Each in that order.
    trade_id : int64 array, shape (n_trades,)
        Ids of the prints; a reversal has that of the print it takes back, 0 if that never came.
    moves : bool array, shape (n_trades,)
        Which prints may fill or elect an order: eligible, and outside of halts.
    offers : bool array, shape (n_quotes,)
        Which quotes can be filled at.
    order : int32 array, shape (n_trades + n_quotes,)
        The rows of both as one tape: a row of ``trades``, or ``~row`` of ``quotes``.
    ts : int64 array, shape (n_trades + n_quotes,)
        ``ts_init`` of each, never decreasing.
    """

    start: int
    end: int
    trades: TradeBatch
    quotes: QuoteBatch
    trade_id: NDArray[np.int64]
    moves: NDArray[np.bool_]
    offers: NDArray[np.bool_]
    order: NDArray[np.int32]
    ts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.order)

    def first_at(self, ts: int) -> int:
        """Return the position of the first row at or after an instant (UTC ns)."""
        return int(np.searchsorted(self.ts, ts, "left"))

    def first_after(self, ts: int) -> int:
        """Return the position of the first row after an instant (UTC ns)."""
        return int(np.searchsorted(self.ts, ts, "right"))

    def next_traded(self, start: int, end: int, watched: NDArray[np.bool_]) -> int:
        """Return the first position in ``[start, end)`` at which a watched symbol can trade.

        Returns
        -------
        int
            ``end`` if there is none.
        """
        return _next_traded(
            self.order,
            start,
            end,
            watched,
            self.trades.symbol_id,
            self.moves,
            self.quotes.symbol_id,
            self.offers,
        )


def arranged(
    ts: NDArray[np.int64], symbol_id: NDArray[np.int32], *, runs: int
) -> NDArray[np.int64] | None:
    """Return the permutation into order of arrival and, within an instant, of symbol.

    Parameters
    ----------
    runs : int
        How many stretches in order of arrival the rows were put together from.

    Returns
    -------
    int64 array, or None
        None when the rows lie as they should.
    """
    if runs <= 1 and not _has_ties(ts, symbol_id):
        return None
    places = np.argsort(ts, kind="stable")
    _settle_ties(places, ts, symbol_id)
    return places


def merged(
    trade_ts: NDArray[np.int64], quote_ts: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return ``order`` and ``ts`` of a block, given either kind in order."""
    order = np.empty(len(trade_ts) + len(quote_ts), np.int32)
    ts = np.empty(len(order), np.int64)
    _merge(trade_ts, quote_ts, order, ts)
    return order, ts


def concatenated(parts: Sequence[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    """Return arrays as one; a single one is not copied."""
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, dtype)


@compiled
def _has_ties(ts: NDArray[np.int64], symbol_id: NDArray[np.int32]) -> bool:
    found = False
    for n in range(len(ts) - 1):
        found |= ts[n] == ts[n + 1] and symbol_id[n] > symbol_id[n + 1]
    return found


@compiled
def _settle_ties(
    places: NDArray[np.int64], ts: NDArray[np.int64], symbol_id: NDArray[np.int32]
) -> None:
    """Sort the rows of each instant by symbol; those of one symbol stay as they are."""
    start = 0
    for end in range(1, len(places) + 1):
        if end < len(places) and ts[places[end]] == ts[places[start]]:
            continue
        for n in range(start + 1, end):
            place = places[n]
            k = n
            while k > start and symbol_id[places[k - 1]] > symbol_id[place]:
                places[k] = places[k - 1]
                k -= 1
            places[k] = place
        start = end


@compiled
def _merge(
    trade_ts: NDArray[np.int64],
    quote_ts: NDArray[np.int64],
    order: NDArray[np.int32],
    ts: NDArray[np.int64],
) -> None:
    t = q = 0
    for n in range(len(order)):
        if q < len(quote_ts) and (t == len(trade_ts) or quote_ts[q] <= trade_ts[t]):
            order[n] = ~q
            ts[n] = quote_ts[q]
            q += 1
        else:
            order[n] = t
            ts[n] = trade_ts[t]
            t += 1


@compiled
def _next_traded(
    order: NDArray[np.int32],
    start: int,
    end: int,
    watched: NDArray[np.bool_],
    trade_symbol: NDArray[np.int32],
    moves: NDArray[np.bool_],
    quote_symbol: NDArray[np.int32],
    offers: NDArray[np.bool_],
) -> int:
    for n in range(start, end):
        row = order[n]
        if row >= 0:
            if watched[trade_symbol[row]] and moves[row]:
                return n
        elif watched[quote_symbol[~row]] and offers[~row]:
            return n
    return end
