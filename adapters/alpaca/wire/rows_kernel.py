# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false, reportReturnType=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""The compiled search for the rows of a market-data frame: where each lies, of what, and of whom.

A row is copied or left out, never read and written anew: what a receiver gets is what the venue
sent, byte by byte.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from adapters.alpaca.wire.interned import FULL, LONGEST, Interned, number_of
from adapters.alpaca.wire.msgpack_walk import (
    MAP,
    UNCOUNTED,
    Bytes,
    compiled,
    head,
    instant,
    integer,
    key,
    skip,
    text,
)

CHANNELS = (
    "trades",
    "quotes",
    "bars",
    "dailyBars",
    "updatedBars",
    "statuses",
    "lulds",
    "imbalances",
    "other",
)
"""What rows belong to, by number; corrections and cancels belong to trades."""

TRADES, QUOTES = 0, 1
_OTHER = len(CHANNELS) - 1
_OF_LETTER = np.full(256, _OTHER, np.uint8)
for _letter, _channel in zip("tcxqbdusli", (0, 0, 0, 1, 2, 3, 4, 5, 6, 7), strict=True):
    _OF_LETTER[ord(_letter)] = _channel

_T, _S, _t, _i, _x = (ord(letter) for letter in "TStix")
_GOLDEN = -7046029254386353131
_FIRST_VISIBLE, _LAST_VISIBLE = ord("!"), ord("~")

UNKNOWN = FULL
"""Number of a symbol that is none: it is left out, too long, or holds what no symbol has."""

ROW = np.dtype(
    [
        ("start", "i8"),
        ("end", "i8"),
        ("ts", "i8"),
        ("print", "i8"),
        ("symbol", "i4"),
        ("channel", "u1"),
    ],
    align=True,
)
"""Bytes ``[start, end)`` of a frame; ``ts`` is the row's own time (UTC ns, 0 without).

``print`` is 64 bits of a print's symbol, exchange and id, the same wherever the print comes again;
0 of what is no print, or has no id.
"""

STEPS_SHA256 = "ee34de8ef21496b62063d0b0d6ee04e4ae7e26386465a820567c65dfd6d75716"
"""Of the other files that are compiled into this one; see ``market_kernel.STEPS_SHA256``."""

_cached: Any = njit(**UNCOUNTED, cache=True)


@compiled
def _symbol_of(symbols: Interned, known: int, frame: Bytes, at: int, n: int) -> int:
    """Return the number of a symbol, ``UNKNOWN`` for what is none."""
    if not 0 < n <= LONGEST:
        return np.int64(UNKNOWN)
    for k in range(at, at + n):
        if not _FIRST_VISIBLE <= frame[k] <= _LAST_VISIBLE:
            return np.int64(UNKNOWN)
    return number_of(symbols, known, frame, at, n)


@compiled
def _find_row(symbols: Interned, known: int, frame: Bytes, at: int, n: int, row: Any) -> int:
    """Write what a map of ``n`` pairs is of; return what follows it."""
    letter, exchange, number = np.int64(0), np.int64(0), np.int64(0)
    for _ in range(n):
        code, at = key(frame, at)
        if at < 0:
            break
        if code == _t:
            ts, at = instant(frame, at)
            row.ts = ts
        elif code == _i:
            number, at = integer(frame, at)
        elif code in (_T, _S, _x):
            first, length, at = text(frame, at)
            if at >= 0 and code == _S:
                row.symbol = _symbol_of(symbols, known, frame, first, length)
            elif at >= 0 and length == 1 and code == _T:
                letter = np.int64(frame[first])
            elif at >= 0 and length == 1:
                exchange = np.int64(frame[first])
        else:
            at = skip(frame, at)
        if at < 0:
            break
    row.channel = _OF_LETTER[letter]
    if letter == _t and number != 0 and row.symbol >= 0:
        mixed = (number * _GOLDEN) ^ (np.int64(row.symbol) << 8 | exchange)
        row.print = (mixed ^ (mixed >> 29)) * _GOLDEN | 1
    return at


@_cached
def find_rows(
    symbols: Interned, known: int, frame: Bytes, at: int, rows: NDArray[Any]
) -> tuple[int, int]:
    """Write where the rows from ``at`` on lie, and of what each is.

    Returns
    -------
    known : int
        Symbols that have a number by now.
    at : int
        What follows the last row; ``-1 - at`` of a value that cannot be read.
    """
    for number in range(len(rows)):
        start, row = at, rows[number]
        row.channel, row.symbol = _OTHER, UNKNOWN
        kind, n, first = head(frame, start)
        is_map = kind == MAP
        at = _find_row(symbols, known, frame, first, n, row) if is_map else skip(frame, start)
        if at < 0:
            break
        known = max(known, row.symbol + 1)
        row.start, row.end = start, at
    return known, at


@_cached
def copy_rows(
    frame: Bytes, rows: NDArray[Any], wanted: NDArray[np.bool_], copy: Bytes
) -> tuple[int, int]:
    """Copy wanted rows, neighbours at once.

    Parameters
    ----------
    wanted : bool array, shape (channels, symbols + 1)
        The last column is for rows of no symbol.
    copy : uint8 array
        As long as the frame.

    Returns
    -------
    n_rows, n_bytes : int
        How many were copied.
    """
    taken, filled = np.int64(0), np.int64(0)
    first = last = np.int64(0)
    nobody = wanted.shape[1] - 1
    for row in rows:
        symbol = row.symbol if row.symbol >= 0 else nobody
        if not wanted[row.channel, symbol]:
            continue
        taken += 1
        if row.start != last:
            for k in range(first, last):
                copy[filled + k - first] = frame[k]
            filled += last - first
            first = row.start
        last = row.end
    for k in range(first, last):
        copy[filled + k - first] = frame[k]
    return taken, filled + last - first
