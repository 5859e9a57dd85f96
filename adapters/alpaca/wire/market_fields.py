# pyright: basic, reportReturnType=false
# (numba infers its own types; pyright sees numpy's scalars)
"""The compiled reading of one message's fields, whatever their order, by a table of keys.

The table says where the value of each key of each kind of message goes; the reading itself is the
same for prints, quotes, corrections and cancels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adapters.alpaca.wire.msgpack_walk import (
    UNTIMED,
    Bytes,
    compiled,
    instant,
    integer,
    key,
    number,
    skip,
    text,
)

KINDS = "tqcx"
"""Letters of the messages that become rows, by position in the table."""

_UNKNOWN, _PASSED, _SYMBOL, _EXCHANGE = range(4)
_TIMES, _IDS, _CODES, _NUMBERS = 4, 8, 16, 32
"""What a key stands for; the last four are the first of several places."""

SYMBOL_AT, SYMBOL_N, EXCHANGE, TS_EVENT, RECEIVED, OLD_ID, NEW_ID, OLD_CODES, NEW_CODES = range(9)
"""Places of whole numbers: positions, lengths, letters, times and ids; -1 is a code left out."""

OLD_PRICE, OLD_SIZE, NEW_PRICE, NEW_SIZE = range(4)
BID, BID_SIZE, ASK, ASK_SIZE = range(4)
"""Places of floats, NaN where they were left out."""

N_PLACES, N_NUMBERS = 9, 4

_EVERY = {"T": _PASSED, "z": _PASSED, "S": _SYMBOL, "t": _TIMES, "r": _TIMES + 1}
_OLD = (_NUMBERS, _NUMBERS + 1, _CODES, _IDS)
_NEW = (_NUMBERS + 2, _NUMBERS + 3, _CODES + 1, _IDS + 1)
_KEYS: dict[str, dict[str, int]] = {
    "t": {"x": _EXCHANGE, **dict(zip("psci", _NEW, strict=True))},
    "q": {
        **dict.fromkeys(("bx", "ax", "c"), _PASSED),
        **{name: _NUMBERS + k for k, name in enumerate(("bp", "bs", "ap", "as"))},
    },
    "c": {
        "x": _EXCHANGE,
        **dict(zip(("op", "os", "oc", "oi"), _OLD, strict=True)),
        **dict(zip(("cp", "cs", "cc", "ci"), _NEW, strict=True)),
    },
    "x": {"x": _EXCHANGE, "a": _PASSED, **dict(zip("psci", _OLD, strict=True))},
}


def key_table() -> NDArray[np.uint8]:
    """Return what each key of one or two bytes means in each kind of message.

    Returns
    -------
    uint8 array, shape (len(KINDS), 65536)
    """
    table = np.zeros((len(KINDS), 1 << 16), np.uint8)
    for k, kind in enumerate(KINDS):
        for name, meaning in {**_EVERY, **_KEYS[kind]}.items():
            table[k, int.from_bytes(name.encode())] = meaning
    return table


@compiled
def read_fields(
    frame: Bytes,
    at: int,
    n: int,
    keys: NDArray[np.uint8],
    kind: int,
    places: NDArray[np.int64],
    numbers: NDArray[np.float64],
) -> tuple[int, int]:
    """Read ``n`` pairs into their places; return what follows and how many keys are unknown."""
    places[:] = 0
    places[SYMBOL_N] = places[OLD_CODES] = places[NEW_CODES] = -1
    places[TS_EVENT] = places[RECEIVED] = UNTIMED
    numbers[:] = np.nan
    unknown = 0
    for _ in range(n):
        code, at = key(frame, at)
        if at < 0:
            return at, unknown
        meaning = np.int64(keys[kind, code])
        if meaning >= _NUMBERS:
            numbers[meaning - _NUMBERS], at = number(frame, at)
        elif meaning >= _CODES:
            places[OLD_CODES + meaning - _CODES] = at
            at = skip(frame, at)
        elif meaning >= _IDS:
            places[OLD_ID + meaning - _IDS], at = integer(frame, at)
        elif meaning >= _TIMES:
            places[TS_EVENT + meaning - _TIMES], at = instant(frame, at)
        elif meaning == _SYMBOL:
            places[SYMBOL_AT], places[SYMBOL_N], at = text(frame, at)
        elif meaning == _EXCHANGE:
            start, length, at = text(frame, at)
            places[EXCHANGE] = np.int64(frame[start]) if length > 0 else 0
        else:
            unknown += meaning == _UNKNOWN
            at = skip(frame, at)
        if at < 0:
            return at, unknown
    return at, unknown
