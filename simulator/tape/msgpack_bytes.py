"""Msgpack written byte by byte, compiled; each returns where to go on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.tape.block import compiled

_NANOS = 1_000_000_000


class Texts(NamedTuple):
    """Byte strings end to end; the n-th is ``data[start[n]:start[n + 1]]``."""

    data: NDArray[np.uint8]
    start: NDArray[np.int64]


@compiled
def opened(out: NDArray[np.uint8], at: int, fields: int, kind: int) -> int:
    """Write the header of a map and its first pair, ``T``."""
    out[at] = 0x80 | fields
    at = key(out, at + 1, ord("T"))
    return key(out, at, kind)


@compiled
def key(out: NDArray[np.uint8], at: int, letter: int) -> int:
    """Write a text of one letter, which is what most keys are."""
    out[at] = 0xA1
    out[at + 1] = letter
    return at + 2


@compiled
def long_key(out: NDArray[np.uint8], at: int, first: int, second: int) -> int:
    """Write a text of two letters."""
    out[at] = 0xA2
    out[at + 1] = first
    out[at + 2] = second
    return at + 3


@compiled
def copied(out: NDArray[np.uint8], at: int, texts: Texts, which: int) -> int:
    """Write one of many texts that were encoded before."""
    for n in range(texts.start[which], texts.start[which + 1]):
        out[at] = texts.data[n]
        at += 1
    return at


@compiled
def _big_endian(out: NDArray[np.uint8], at: int, value: np.uint64) -> int:
    for shift in range(56, -8, -8):
        out[at] = (value >> np.uint64(shift)) & np.uint64(0xFF)
        at += 1
    return at


@compiled
def float64(out: NDArray[np.uint8], at: int, bits: np.uint64) -> int:
    """Write a float, given its bits."""
    out[at] = 0xCB
    return _big_endian(out, at + 1, bits)


@compiled
def unsigned64(out: NDArray[np.uint8], at: int, value: int) -> int:
    """Write an unsigned number in nine bytes."""
    out[at] = 0xCF
    return _big_endian(out, at + 1, np.uint64(value))


@compiled
def unsigned(out: NDArray[np.uint8], at: int, value: int) -> int:
    """Write a size in as few bytes as hold it, five at most."""
    if value < 1 << 7:
        out[at] = value
        return at + 1
    if value < 1 << 8:
        out[at] = 0xCC
        out[at + 1] = value
        return at + 2
    if value < 1 << 16:
        out[at] = 0xCD
        out[at + 1] = value >> 8
        out[at + 2] = value & 0xFF
        return at + 3
    out[at] = 0xCE
    for n in range(4):
        out[at + 1 + n] = (value >> (24 - 8 * n)) & 0xFF
    return at + 5


@compiled
def timestamp(out: NDArray[np.uint8], at: int, ts: int) -> int:
    """Write extension -1: four bytes for a whole second, eight otherwise."""
    seconds, nanos = ts // _NANOS, ts % _NANOS
    out[at + 1] = 0xFF
    if nanos == 0:
        out[at] = 0xD6
        for n in range(4):
            out[at + 2 + n] = (seconds >> (24 - 8 * n)) & 0xFF
        return at + 6
    out[at] = 0xD7
    return _big_endian(out, at + 2, np.uint64(nanos << 34 | seconds))
