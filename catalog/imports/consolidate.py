"""The national best bid and offer, built from the quotes of single venues."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

_SIDES = ("bid", "ask", "bid_size", "ask_size")
_BID, _ASK, _BID_SIZE, _ASK_SIZE = range(4)


class BestQuotes:
    """Best bid and offer over venues, fed with one partition's quotes in order of arrival.

    Parameters
    ----------
    n_symbols, n_venues
        Numbers of symbol and exchange ids.

    Notes
    -----
    Best price first, then largest size, as the tape's processors do; the size is that venue's
    alone. A venue quote without price or size on a side withdraws that side. A standing quote
    that a newer one of another venue crosses is taken for stale and withdrawn.
    """

    def __init__(self, n_symbols: int, n_venues: int) -> None:
        self._books = np.zeros((n_symbols, n_venues, len(_SIDES)), dtype=np.int64)

    def consolidate(self, columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return, for each venue quote after which both sides have one, the best bid and offer.

        It is repeated when the venue quote did not change it: so a reader sees how fresh it is.
        ``exchange`` stays that of the venue quote.
        """
        quotes = np.column_stack([columns[name] for name in _SIDES])
        complete = _best_quotes(columns["symbol"], columns["exchange"], quotes, self._books)
        best = {name: column[complete] for name, column in columns.items()}
        for side, name in enumerate(_SIDES):
            best[name] = quotes[complete, side].astype(columns[name].dtype)
        return best


@njit(cache=True)
def _best_quotes(
    symbol: NDArray[np.int32],
    venue: NDArray[np.int32],
    quotes: NDArray[np.int64],
    books: NDArray[np.int64],
) -> NDArray[np.bool_]:  # pragma: no cover  (compiled)
    """Replace venue quotes by the best of all, and say where both sides have one."""
    complete = np.zeros(len(symbol), dtype=np.bool_)
    for row in range(len(symbol)):
        book, quote = books[symbol[row]], quotes[row]
        own = book[venue[row]]
        own[:] = quote
        if own[_BID] <= 0 or own[_BID_SIZE] <= 0:
            own[_BID] = own[_BID_SIZE] = 0
        if own[_ASK] <= 0 or own[_ASK_SIZE] <= 0:
            own[_ASK] = own[_ASK_SIZE] = 0
        quote[:] = 0
        for other in book:
            if own[_ASK] and other[_BID] > own[_ASK]:
                other[_BID] = other[_BID_SIZE] = 0
            if own[_BID] and other[_ASK] and other[_ASK] < own[_BID]:
                other[_ASK] = other[_ASK_SIZE] = 0
            if other[_BID] > quote[_BID] or (
                other[_BID] == quote[_BID] and other[_BID_SIZE] > quote[_BID_SIZE]
            ):
                quote[_BID], quote[_BID_SIZE] = other[_BID], other[_BID_SIZE]
            if other[_ASK] and (
                quote[_ASK] == 0
                or other[_ASK] < quote[_ASK]
                or (other[_ASK] == quote[_ASK] and other[_ASK_SIZE] > quote[_ASK_SIZE])
            ):
                quote[_ASK], quote[_ASK_SIZE] = other[_ASK], other[_ASK_SIZE]
        complete[row] = quote[_BID] > 0 and quote[_ASK] > 0
    return complete
