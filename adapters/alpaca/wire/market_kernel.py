# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false, reportReturnType=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""The compiled walk over a market-data frame: bytes in, rows of prints and quotes out.

A frame is an array of maps. Prints (t), quotes (q), corrections (c) and cancels (x) become rows;
of what is rarer only the span of bytes is noted, for msgspec to decode. Fields may stand in any
order, and what is unknown is passed over. A row that cannot be true is counted and left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from adapters.alpaca.wire import market_fields as field
from adapters.alpaca.wire import market_state as column
from adapters.alpaca.wire.interned import FULL, LONGEST, Interned, number_of
from adapters.alpaca.wire.market_flaws import (
    EARLIEST_NS,
    LATEST_NS,
    SOUND,
    print_flaw,
    quote_flaw,
    row_flaw,
)
from adapters.alpaca.wire.market_state import State, Tally
from adapters.alpaca.wire.msgpack_walk import (
    ARRAY,
    MAP,
    NIL,
    STR,
    UNCOUNTED,
    UNTIMED,
    Bytes,
    compiled,
    head,
    instant,
    key,
    skip,
)
from adapters.alpaca.wire.print_memory import find, is_full, remember
from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE

DONE, NEED_ROOM, NEED_MEMORY, TRAILING = range(4)
"""Why ``walk`` returned; a negative value is ``-1 - at`` of the value that cannot be read."""

_PRINT, _QUOTE, _CORRECTION, _CANCEL = range(len(field.KINDS))
_t, _q, _c, _x = (ord(letter) for letter in field.KINDS)
_RARE = tuple(ord(letter) for letter in "budslin")
_T, _r = ord("T"), ord("r")
_WORD, _NONE = 0, -1
"""Types of more than one letter, and of no message of ours."""

_REVERSAL_MARK = ord("!")
_FIRST_PRINTABLE, _LAST_PRINTABLE = ord(" "), ord("~")

STEPS_SHA256 = "15a6e90095794fc57e18dc60014c93a80b2164a62780c362025273c611f134e3"
"""Of the other files that are compiled into ``walk``, one after another by name.

What is compiled is kept on disk until the text of this very file changes, whatever becomes of
theirs: this line makes it change with them.
"""

_cached: Any = njit(**UNCOUNTED, cache=True)


@_cached
def walk(state: State, frame: Bytes, ts_init: int, received: bool, lot: int) -> int:
    """Write the rows of a frame from the cursor on; say why it stopped.

    Parameters
    ----------
    state
        The stream's; its cursor stands at the message to take next.
    frame
        The whole frame.
    ts_init
        Arrival of the frame, UTC ns.
    received
        Rows arrive when their field ``r`` says.
    lot
        Shares in one unit of a quote's sizes.
    """
    cursor, tally = state.cursor, state.tally
    if not received:
        cursor[column.ARRIVED] = max(cursor[column.ARRIVED], ts_init)
    while cursor[column.LEFT] > 0:
        if (
            cursor[column.N_TRADES] + 2 > state.trades.shape[1]
            or cursor[column.N_QUOTES] == state.quotes.shape[1]
            or cursor[column.N_SPANS] == state.spans.shape[1]
        ):
            return NEED_ROOM
        if is_full(state.memory, cursor[column.ARRIVED]):
            return NEED_MEMORY
        at = cursor[column.AT]
        kind, n, first = head(frame, at)
        letter = np.int64(_NONE)
        if kind == MAP:
            letter, broken = _letter_of_type(frame, first, n)
            if broken < 0:
                return broken
        row = _row_of(letter)
        if row >= 0:
            after, unknown = field.read_fields(
                frame, first, n, state.keys, row, state.places, state.numbers
            )
            if after < 0:
                return after
            tally[Tally.UNKNOWN_FIELDS] += unknown
            _take(state, frame, row, ts_init, received, lot)
        elif letter == _WORD or letter in _RARE:
            told, after = _received_in(frame, first, n)
            if after < 0:
                return after
            k = cursor[column.N_SPANS]
            state.spans[column.START, k] = at
            state.spans[column.END, k] = after
            state.spans[column.SPAN_ARRIVED, k] = _arrival(cursor, told, ts_init, received)
            cursor[column.N_SPANS] = k + 1
        else:
            after = skip(frame, at)
            if after < 0:
                return after
            tally[Tally.UNKNOWN_MESSAGES] += 1
        cursor[column.AT] = after
        cursor[column.LEFT] -= 1
    return DONE if cursor[column.AT] == len(frame) else TRAILING


@_cached
def know(table: Interned, texts: Bytes, lengths: NDArray[np.int64]) -> int:
    """Give numbers to texts that lie one after another; return how many are known then."""
    known = np.int64(0)
    at = np.int64(0)
    for n in lengths:
        known = max(known, number_of(table, known, texts, at, n) + 1)
        at += n
    return known


@compiled
def _row_of(letter: int) -> int:
    """Return the kind of row of a type of message, -1 for none."""
    if letter == _t:
        return _PRINT
    if letter == _q:
        return _QUOTE
    if letter == _c:
        return _CORRECTION
    return _CANCEL if letter == _x else -1


@compiled
def _letter_of_type(frame: Bytes, at: int, n: int) -> tuple[int, int]:
    """Return the letter of the first T among ``n`` pairs, or ``_WORD`` or ``_NONE``.

    The position that comes with it only tells, when negative, what cannot be read.
    """
    for _ in range(n):
        code, at = key(frame, at)
        if at < 0:
            return _NONE, at
        if code == _T:
            kind, length, start = head(frame, at)
            if kind != STR:
                return _NONE, start
            return (np.int64(frame[start]) if length == 1 else np.int64(_WORD)), start
        at = skip(frame, at)
        if at < 0:
            return _NONE, at
    return _NONE, at


@compiled
def _received_in(frame: Bytes, at: int, n: int) -> tuple[int, int]:
    """Return when a message says it was received, and what follows its ``n`` pairs."""
    told = UNTIMED
    for _ in range(n):
        code, at = key(frame, at)
        if at < 0:
            return told, at
        if code == _r:
            told, at = instant(frame, at)
        else:
            at = skip(frame, at)
        if at < 0:
            return told, at
    return told, at


@compiled
def _arrival(cursor: Any, told: int, ts_init: int, received: bool) -> int:
    """Return when a message arrived: never before the one above it."""
    if received and EARLIEST_NS <= told < LATEST_NS:
        cursor[column.ARRIVED] = max(cursor[column.ARRIVED], told)
    arrived = cursor[column.ARRIVED]
    return arrived if arrived != UNTIMED else ts_init


@compiled
def _take(state: State, frame: Bytes, kind: int, ts_init: int, received: bool, lot: int) -> None:
    """Write the rows of the message whose fields were read, or count why there are none."""
    cursor, tally, places, numbers = state.cursor, state.tally, state.places, state.numbers
    at, n = places[field.SYMBOL_AT], places[field.SYMBOL_N]
    flaw = row_flaw(frame, at, n, places[field.TS_EVENT])
    if flaw == SOUND and kind == _QUOTE:
        numbers[field.BID_SIZE] *= lot
        numbers[field.ASK_SIZE] *= lot
        flaw = quote_flaw(
            numbers[field.BID],
            numbers[field.ASK],
            numbers[field.BID_SIZE],
            numbers[field.ASK_SIZE],
        )
    elif flaw == SOUND:
        first = field.NEW_PRICE if kind == _PRINT else field.OLD_PRICE
        flaw = print_flaw(numbers[first], numbers[first + 1])
    if flaw != SOUND:
        tally[flaw] += 1
        return
    if received and EARLIEST_NS <= places[field.RECEIVED] < cursor[column.HEARD]:
        tally[Tally.REPEATED] += 1
        return
    known = cursor[column.N_SYMBOLS]
    symbol = number_of(state.symbols, known, frame, at, n)
    if symbol == FULL:
        tally[Tally.TABLE_FULL] += 1
        return
    cursor[column.N_SYMBOLS] = max(known, symbol + 1)
    arrived = _arrival(cursor, places[field.RECEIVED], ts_init, received)
    if kind != _QUOTE:
        _write_prints(state, frame, kind, symbol, arrived)
        return
    k = cursor[column.N_QUOTES]
    quotes = state.quotes
    quotes[column.QUOTED_AT, k] = places[field.TS_EVENT]
    quotes[column.QUOTE_ARRIVED, k] = arrived
    quotes[column.BID, k] = np.rint(numbers[field.BID] * PRICE_SCALE)
    quotes[column.ASK, k] = np.rint(numbers[field.ASK] * PRICE_SCALE)
    quotes[column.BID_SIZE, k] = numbers[field.BID_SIZE]
    quotes[column.ASK_SIZE, k] = numbers[field.ASK_SIZE]
    quotes[column.QUOTED, k] = symbol
    cursor[column.N_QUOTES] = k + 1


@compiled
def _write_prints(state: State, frame: Bytes, kind: int, symbol: int, arrived: int) -> None:
    """Write a print; or the one that goes (0), and of a correction the one that comes (1).

    Both have one time. The one that goes is repeated as it was seen, if its id is remembered: a
    cancel says neither its conditions nor, for certain, its time.
    """
    cursor, tally, places, numbers = state.cursor, state.tally, state.places, state.numbers
    codes, trades, memory = state.codes, state.trades, state.memory
    ts = places[field.TS_EVENT]
    exchange = places[field.EXCHANGE]
    for comes in range(kind == _PRINT, 2 - (kind == _CANCEL)):
        first = field.NEW_PRICE if comes else field.OLD_PRICE
        flaw = print_flaw(numbers[first], numbers[first + 1])
        length = _join(frame, places[field.OLD_CODES + comes], codes)
        if flaw == SOUND and length < 0:
            flaw = np.int64(Tally.BAD_CONDITIONS)
        if flaw != SOUND:
            tally[flaw] += 1
            return
        price = np.int64(np.rint(numbers[first] * PRICE_SCALE))
        size = np.int64(np.rint(numbers[first + 1] * SIZE_SCALE))
        trade_id = places[field.OLD_ID + comes]
        if not comes:
            found = find(memory, symbol, trade_id, exchange, arrived, price, size)
            if found >= 0:
                ts = memory.prints[found].ts_event
                condition = memory.prints[found].condition_id
                length = np.int64(state.conditions.lengths[condition])
                for k in range(length):
                    codes[1 + k] = state.conditions.texts[condition, k]
            else:
                tally[Tally.REVERSALS_UNMATCHED] += 1
        known = cursor[column.N_CONDITIONS]
        condition = number_of(state.conditions, known, codes, comes, length + 1 - comes)
        if condition == FULL:
            tally[Tally.TABLE_FULL] += 1
            return
        cursor[column.N_CONDITIONS] = max(known, condition + 1)
        k = cursor[column.N_TRADES]
        trades[column.TS_EVENT, k] = ts
        trades[column.TS_INIT, k] = arrived
        trades[column.PRICE, k] = price
        trades[column.SYMBOL, k] = symbol
        trades[column.SIZE, k] = size
        trades[column.CONDITION, k] = condition
        cursor[column.N_TRADES] = k + 1
        if comes and trade_id != 0:
            remember(memory, symbol, trade_id, ts, arrived, price, size, condition, exchange)


@compiled
def _join(frame: Bytes, at: int, codes: Bytes) -> int:
    """Join sale conditions behind a reversal mark in ``codes``; return their length.

    They are a text, an array of texts, nil or (``at`` < 0) left out; of anything else, of letters
    that are none and of too many the length is -1. The value lies inside the frame.
    """
    codes[0] = _REVERSAL_MARK
    if at < 0:
        return np.int64(0)
    kind, n, start = head(frame, at)
    if kind == NIL:
        return np.int64(0)
    if kind == ARRAY:
        at = start
    elif kind == STR:
        n = np.int64(1)
    else:
        return np.int64(-1)
    length = np.int64(0)
    for _ in range(n):
        kind, size, start = head(frame, at)
        if kind != STR or length + size >= LONGEST:
            return np.int64(-1)
        for k in range(size):
            code = frame[start + k]
            if not _FIRST_PRINTABLE <= code <= _LAST_PRINTABLE or code == _REVERSAL_MARK:
                return np.int64(-1)
            codes[1 + length + k] = code
        length += size
        at = start + size
    return length
