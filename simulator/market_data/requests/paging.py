"""Long answers a page at a time, by symbol and then by time."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from serving import whole
from simulator.market_data.requests.refusal import Refused

type Row = dict[str, Any]


class Mark(NamedTuple):
    """Where a page ended: the last row's symbol and time, and how many rows of both were given."""

    symbol: str
    ts: int
    given: int

    def token(self) -> str:
        """Return the mark as the page token that a client brings back."""
        return urlsafe_b64encode(f"{self.symbol}|{self.ts}|{self.given}".encode()).decode()

    @classmethod
    def of(cls, token: str) -> Mark:
        """Return the mark of a page token.

        Raises
        ------
        Refused
            It is none of ours.
        """
        try:
            symbol, ts, given = urlsafe_b64decode(token.encode()).decode().split("|")
            mark = cls(symbol, whole(ts), whole(given))
        except (ValueError, binascii.Error) as error:
            raise Refused(400, "invalid page_token") from error
        if mark.given < 0:
            raise Refused(400, "invalid page_token")
        return mark


class Chunk(NamedTuple):
    """A part of one symbol's rows, in the order of the answer.

    Attributes
    ----------
    ts : int64 array, shape (n,)
        Time of each row, rising or falling throughout.
    rows : callable
        Returns the rows at some places of ``ts``.
    """

    symbol: str
    ts: NDArray[np.int64]
    rows: Callable[[NDArray[np.int64]], list[Row]]


def page_of(
    chunks: Iterable[Chunk], mark: Mark | None, limit: int, *, descending: bool = False
) -> tuple[dict[str, list[Row]], str | None]:
    """Return one page by symbol, and the token of the next, None after the last.

    Parameters
    ----------
    chunks
        All rows of the answer from the mark's symbol on, symbol by symbol; taken only as far as
        the page needs.
    mark
        Where the page before ended.
    limit
        Most rows over all symbols.
    descending
        Whether each symbol's times fall.
    """
    answer: dict[str, list[Row]] = {}
    last = mark
    left = limit
    for chunk in chunks:
        places = _after(chunk, mark, descending=descending)
        if not len(places):
            continue
        if not left:
            return answer, last.token() if last else None
        taken = places[:left]
        answer.setdefault(chunk.symbol, []).extend(chunk.rows(taken))
        left -= len(taken)
        last = _mark(chunk, int(taken[-1]))
        if len(taken) < len(places):
            return answer, last.token()
    return answer, None


def _after(chunk: Chunk, mark: Mark | None, *, descending: bool) -> NDArray[np.int64]:
    """Return the places of a chunk's rows that follow a mark."""
    if mark is None or chunk.symbol != mark.symbol:
        return np.arange(len(chunk.ts))
    ahead = chunk.ts < mark.ts if descending else chunk.ts > mark.ts
    same = np.flatnonzero(chunk.ts == mark.ts)[mark.given :]
    return np.union1d(np.flatnonzero(ahead), same)


def _mark(chunk: Chunk, place: int) -> Mark:
    ts = int(chunk.ts[place])
    return Mark(chunk.symbol, ts, int(np.count_nonzero(chunk.ts[: place + 1] == ts)))
