# pyright: basic, reportReturnType=false
# (numba infers its own types; pyright sees numpy's scalars)
"""What is wrong with a row of the stream, judged as the catalog judges imported rows."""

from __future__ import annotations

import math
from string import ascii_letters, digits

import numpy as np

from adapters.alpaca.wire.interned import LONGEST
from adapters.alpaca.wire.market_state import Tally
from adapters.alpaca.wire.msgpack_walk import Bytes, compiled
from engine.domain.fixed_point import (
    LAST_PLACE,
    MAX_NOTIONAL,
    MAX_PRICE,
    MAX_SIZE,
    PRICE_SCALE,
    SIZE_SCALE,
)
from engine.domain.symbols import ENDING_MARKS, MARKS

SOUND = np.int64(-1)
"""Stands for no flaw; others are numbers of ``Tally``."""

EARLIEST_NS = 157_766_400_000_000_000
LATEST_NS = 4_102_444_800_000_000_000
"""1975 and 2100: a time outside is none of a market's."""

_LARGEST_PRICE = MAX_PRICE / PRICE_SCALE
_LARGEST_NOTIONAL = MAX_NOTIONAL / PRICE_SCALE
_NO_SYMBOL, _LETTER, _FIGURE, _MARK, _ENDING_MARK = range(5)
_ROLES = np.full(256, _NO_SYMBOL, np.uint8)
for _role, _characters in (
    (_LETTER, ascii_letters),
    (_FIGURE, digits),
    (_MARK, MARKS),
    (_ENDING_MARK, ENDING_MARKS),
):
    _ROLES[list(_characters.encode())] = _role
"""What each byte may be in a symbol, see ``engine.domain.symbols``."""


@compiled
def row_flaw(frame: Bytes, symbol_at: int, symbol_n: int, ts: int) -> int:
    """Return what is wrong with a row's ticker or time."""
    if not _is_symbol(frame, symbol_at, symbol_n):
        return np.int64(Tally.NO_SYMBOL)
    return SOUND if EARLIEST_NS <= ts < LATEST_NS else np.int64(Tally.BAD_TIME)


@compiled
def _is_symbol(frame: Bytes, at: int, n: int) -> bool:
    """Say whether a text may stand for an instrument, as ``engine.domain.symbols`` does."""
    if not 0 < n <= LONGEST:
        return False
    has_letter = False
    before = _MARK
    for k in range(at, at + n):
        role = _ROLES[frame[k]]
        if role == _NO_SYMBOL or (role >= _MARK and before >= _MARK):
            return False
        has_letter |= role == _LETTER
        before = role
    return has_letter and before != _MARK


@compiled
def print_flaw(price: float, size: float) -> int:
    """Return what is wrong with a print's price in USD or size in shares."""
    flaw = _price_flaw(price)
    if flaw == SOUND and np.rint(price * PRICE_SCALE) == 0:
        flaw = np.int64(Tally.PRICE_NOT_POSITIVE)
    if flaw == SOUND:
        off = abs(np.rint(size * SIZE_SCALE) / SIZE_SCALE - size)
        exact = math.isfinite(size) and off <= LAST_PLACE * abs(size)
        flaw = _size_flaw(size) if exact else np.int64(Tally.SIZE_NOT_EXACT)
    if flaw == SOUND and size == 0:
        flaw = np.int64(Tally.SIZE_NOT_POSITIVE)
    if flaw == SOUND and price * size > _LARGEST_NOTIONAL:
        flaw = np.int64(Tally.NOTIONAL_TOO_LARGE)
    return flaw


@compiled
def quote_flaw(bid: float, ask: float, bid_size: float, ask_size: float) -> int:
    """Return what is wrong with a quote's prices in USD or sizes in shares."""
    flaw = _price_flaw(bid)
    if flaw == SOUND:
        flaw = _price_flaw(ask)
    if flaw == SOUND:
        flaw = _whole_size_flaw(bid_size)
    if flaw == SOUND:
        flaw = _whole_size_flaw(ask_size)
    if flaw == SOUND:
        fixed_bid, fixed_ask = np.rint(bid * PRICE_SCALE), np.rint(ask * PRICE_SCALE)
        if fixed_bid == 0 or fixed_ask == 0 or bid_size == 0 or ask_size == 0:
            flaw = np.int64(Tally.ONE_SIDED)
        elif bid > ask:
            flaw = np.int64(Tally.CROSSED)
    return flaw


@compiled
def _price_flaw(price: float) -> int:
    if not math.isfinite(price):
        return np.int64(Tally.PRICE_NOT_A_NUMBER)
    if price < 0:
        return np.int64(Tally.PRICE_NOT_POSITIVE)
    return np.int64(Tally.PRICE_TOO_LARGE) if price > _LARGEST_PRICE else SOUND


@compiled
def _whole_size_flaw(size: float) -> int:
    if not math.isfinite(size) or size != np.rint(size):
        return np.int64(Tally.SIZE_NOT_WHOLE)
    return _size_flaw(size)


@compiled
def _size_flaw(size: float) -> int:
    if size < 0:
        return np.int64(Tally.SIZE_NOT_POSITIVE)
    return np.int64(Tally.SIZE_TOO_LARGE) if size > MAX_SIZE else SOUND
