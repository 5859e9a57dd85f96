"""What the walk over a market-data frame reads from and writes to, all of it arrays."""

from __future__ import annotations

from enum import IntEnum, auto
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from adapters.alpaca.wire.interned import LONGEST, Interned, interned
from adapters.alpaca.wire.market_fields import N_NUMBERS, N_PLACES, key_table
from adapters.alpaca.wire.print_memory import PrintMemory, print_memory

MAX_SYMBOLS = 1 << 16
MAX_CONDITIONS = 1 << 14
"""Different tickers and sets of sale conditions of one stream; five times what a market has."""

_FIRST_ROOM = 4096


class Tally(IntEnum):
    """What is counted; in lower case the names of ``FrameDecoder.counters``.

    From NO_SYMBOL on why a row was skipped, in the order in which rows are judged: names, bounds
    and order are those of the catalog's import.
    """

    FRAMES = 0
    TRADES = auto()
    QUOTES = auto()
    STATUSES = auto()
    OTHERS = auto()
    CONTROLS = auto()
    UNKNOWN_MESSAGES = auto()
    UNKNOWN_FIELDS = auto()
    UNREADABLE_MESSAGES = auto()
    REVERSALS_UNMATCHED = auto()
    MALFORMED_FRAMES = auto()
    NO_SYMBOL = auto()
    BAD_TIME = auto()
    PRICE_NOT_A_NUMBER = auto()
    PRICE_NOT_POSITIVE = auto()
    PRICE_TOO_LARGE = auto()
    SIZE_NOT_EXACT = auto()
    SIZE_NOT_WHOLE = auto()
    SIZE_NOT_POSITIVE = auto()
    SIZE_TOO_LARGE = auto()
    NOTIONAL_TOO_LARGE = auto()
    ONE_SIDED = auto()
    CROSSED = auto()
    BAD_CONDITIONS = auto()
    TABLE_FULL = auto()
    REPEATED = auto()


AT, LEFT, ARRIVED, N_TRADES, N_QUOTES, N_SPANS, N_SYMBOLS, N_CONDITIONS, HEARD = range(9)
"""The cursor: where the walk is, how many messages are left, the last arrival in UTC ns, how many
rows and texts there are so far, and up to when rows were heard before, UTC ns."""

TS_EVENT, TS_INIT, PRICE, SIZE, SYMBOL, CONDITION = range(6)
"""Rows of the array of prints."""

QUOTED_AT, QUOTE_ARRIVED, BID, ASK, BID_SIZE, ASK_SIZE, QUOTED = range(7)
"""Rows of the array of quotes; the last is the symbol."""

START, END, SPAN_ARRIVED = range(3)
"""Rows of the array of spans: the bytes of a message that is no print or quote."""


class State(NamedTuple):
    """Everything one stream's walk has; the compiled code holds no memory of its own.

    Attributes
    ----------
    cursor, tally : int64 array
        By the positions above and by ``Tally``.
    keys, places, numbers : array
        Of ``read_fields``.
    codes : uint8 array
        Room for the sale conditions of one print behind a reversal mark.
    symbols, conditions : Interned
        Texts met so far.
    memory : PrintMemory
        Prints that may still be taken back.
    trades, quotes, spans : int64 array, shape (columns, room)
        What the frame at hand says.
    """

    cursor: NDArray[np.int64]
    tally: NDArray[np.int64]
    keys: NDArray[np.uint8]
    places: NDArray[np.int64]
    numbers: NDArray[np.float64]
    codes: NDArray[np.uint8]
    symbols: Interned
    conditions: Interned
    memory: PrintMemory
    trades: NDArray[np.int64]
    quotes: NDArray[np.int64]
    spans: NDArray[np.int64]


def new_state() -> State:
    """Return the state of a stream that has not begun."""
    return State(
        cursor=np.zeros(9, np.int64),
        tally=np.zeros(len(Tally), np.int64),
        keys=key_table(),
        places=np.zeros(N_PLACES, np.int64),
        numbers=np.zeros(N_NUMBERS),
        codes=np.zeros(1 + LONGEST, np.uint8),
        symbols=interned(MAX_SYMBOLS),
        conditions=interned(MAX_CONDITIONS),
        memory=print_memory(MAX_SYMBOLS),
        trades=np.zeros((6, _FIRST_ROOM), np.int64),
        quotes=np.zeros((7, _FIRST_ROOM), np.int64),
        spans=np.zeros((3, _FIRST_ROOM), np.int64),
    )


def with_more_room(state: State) -> State:
    """Return the state with twice the room for rows; those written so far are kept."""
    return state._replace(
        trades=_doubled(state.trades), quotes=_doubled(state.quotes), spans=_doubled(state.spans)
    )


def _doubled(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([rows, np.zeros_like(rows)], axis=1)
