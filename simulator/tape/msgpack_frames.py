"""Rows of the tape as msgpack frames, without a Python object per row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.domain.fixed_point import SIZE_SCALE, float_prices, float_sizes
from engine.domain.market_data.conditions import REVERSAL_MARK
from simulator.market_data.history.row_facts import codes, exchange, told_tape
from simulator.tape.block import Block, compiled
from simulator.tape.msgpack_bytes import (
    Texts,
    copied,
    float64,
    key,
    long_key,
    opened,
    timestamp,
    unsigned,
    unsigned64,
)

_FRAME_BYTES = 256 * 1024
"""A frame ends once it is this long: Python clients refuse more than 1 MiB."""

_LONGEST_ROW = 1024
_MOST_ROWS = 0xFFFF
_HEAD = 3
_SHORT_ARRAY = 16
"""Bytes that the longest array header of a frame takes."""

_TRADE, _QUOTE, _CANCEL, _CORRECTION = 0, 1, 2, 3
_FIELDS = (9, 11, 9, 13)
"""Fields of each kind of message without ``r``; with it a cancel has ``c`` as well."""


class _Trades(NamedTuple):
    symbol_id: NDArray[np.int32]
    ts_event: NDArray[np.int64]
    ts_init: NDArray[np.int64]
    trade_id: NDArray[np.int64]
    price_bits: NDArray[np.uint64]
    size: NDArray[np.int64]
    size_bits: NDArray[np.uint64]
    condition_id: NDArray[np.int32]


class _Quotes(NamedTuple):
    symbol_id: NDArray[np.int32]
    ts_event: NDArray[np.int64]
    ts_init: NDArray[np.int64]
    bid_bits: NDArray[np.uint64]
    ask_bits: NDArray[np.uint64]
    bid_size: NDArray[np.int64]
    ask_size: NDArray[np.int64]


class MsgpackFrames:
    """Encodes blocks of one day.

    Parameters
    ----------
    symbols : tuple of str
        The universe, in alphabetical order.
    tapes : mapping of symbol to tape letter
    """

    def __init__(self, symbols: tuple[str, ...], tapes: Mapping[str, str]) -> None:
        known = [tapes.get(symbol, "") for symbol in symbols]
        venues = [(exchange(tape), told_tape(tape)) for tape in known]
        self._trade_heads = _texts(
            _pairs(S=symbol, x=at, z=tape)
            for symbol, (at, tape) in zip(symbols, venues, strict=True)
        )
        self._quote_heads = _texts(
            _pairs(S=symbol, bx=at, ax=at, z=tape, c=["R"])
            for symbol, (at, tape) in zip(symbols, venues, strict=True)
        )
        self._conditions: tuple[str, ...] = ()
        self._condition_texts = _texts([])
        self._reversals = np.empty(0, np.bool_)
        self._block: Block | None = None
        self._rows: tuple[_Trades, _Quotes] | None = None
        self._out = np.empty(_FRAME_BYTES + _LONGEST_ROW, np.uint8)

    def frames(
        self,
        block: Block,
        start: int,
        end: int,
        wants_trades: NDArray[np.bool_],
        wants_quotes: NDArray[np.bool_],
        *,
        arrivals: bool,
    ) -> Iterator[bytes]:
        """Yield the wanted rows of ``[start, end)`` as arrays of messages.

        Parameters
        ----------
        arrivals : bool
            Whether each row carries ``r``.
        """
        while start < end:
            start, first, last = self._frame(
                block, start, end, wants_trades, wants_quotes, arrivals=arrivals
            )
            if last > first:
                yield self._out[first:last].tobytes()

    def prepare(self, block: Block) -> None:
        """Compile what encodes, so that the first subscriber does not wait for it."""
        nothing = np.zeros(0, np.bool_)
        self._frame(block, 0, 0, nothing, nothing, arrivals=False)

    def _frame(
        self,
        block: Block,
        start: int,
        end: int,
        wants_trades: NDArray[np.bool_],
        wants_quotes: NDArray[np.bool_],
        *,
        arrivals: bool,
    ) -> tuple[int, int, int]:
        trades, quotes = self._columns(block)
        return _frame(
            block.order,
            start,
            end,
            wants_trades,
            wants_quotes,
            trades,
            quotes,
            self._trade_heads,
            self._quote_heads,
            self._condition_texts,
            self._reversals,
            arrivals,
            self._out,
        )

    def _columns(self, block: Block) -> tuple[_Trades, _Quotes]:
        if self._block is not block or self._rows is None:
            self._learn(block.trades.conditions)
            trades, quotes = block.trades, block.quotes
            self._block = block
            self._rows = (
                _Trades(
                    trades.symbol_id,
                    trades.ts_event,
                    trades.ts_init,
                    block.trade_id,
                    float_prices(trades.price).view(np.uint64),
                    trades.size,
                    float_sizes(trades.size).view(np.uint64),
                    trades.condition_id,
                ),
                _Quotes(
                    quotes.symbol_id,
                    quotes.ts_event,
                    quotes.ts_init,
                    float_prices(quotes.bid).view(np.uint64),
                    float_prices(quotes.ask).view(np.uint64),
                    quotes.bid_size,
                    quotes.ask_size,
                ),
            )
        return self._rows

    def _learn(self, conditions: tuple[str, ...]) -> None:
        if conditions != self._conditions:
            self._conditions = conditions
            self._condition_texts = _texts(msgspec.msgpack.encode(codes(c)) for c in conditions)
            self._reversals = np.array([c.startswith(REVERSAL_MARK) for c in conditions], np.bool_)


def _pairs(**fields: Any) -> bytes:
    """Return fields as a map without its header."""
    return b"".join(
        msgspec.msgpack.encode(name) + msgspec.msgpack.encode(value)
        for name, value in fields.items()
    )


def _texts(texts: Iterable[bytes]) -> Texts:
    kept = list(texts)
    start = np.zeros(len(kept) + 1, np.int64)
    np.cumsum([len(text) for text in kept], out=start[1:])
    return Texts(np.frombuffer(b"".join(kept) + b"\0", np.uint8), start)


@compiled
def _frame(  # noqa: PLR0917  (a compiled step: calls with tuples in tuples cost a compilation)
    order: NDArray[np.int32],
    start: int,
    end: int,
    wants_trades: NDArray[np.bool_],
    wants_quotes: NDArray[np.bool_],
    trades: _Trades,
    quotes: _Quotes,
    trade_heads: Texts,
    quote_heads: Texts,
    conditions: Texts,
    reversals: NDArray[np.bool_],
    arrivals: bool,  # noqa: FBT001
    out: NDArray[np.uint8],
) -> tuple[int, int, int]:
    """Write wanted rows from ``start`` on until the frame is long enough.

    Returns
    -------
    next, first, last : int
        The row to go on with, and where in ``out`` the frame lies; ``first = last`` if empty.
    """
    at = _HEAD
    count = 0
    n = start
    while n < end and at < _FRAME_BYTES and count < _MOST_ROWS:
        row = order[n]
        n += 1
        if row < 0:
            row = ~row
            if wants_quotes[quotes.symbol_id[row]]:
                at = _quote(out, at, quotes, row, quote_heads, arrivals)
                count += 1
            continue
        if not wants_trades[trades.symbol_id[row]]:
            continue
        count += 1
        cancels = reversals[trades.condition_id[row]]
        if cancels and n < end and _corrects(trades, row, order[n], reversals):
            at = _correction(out, at, trades, row, trade_heads, conditions, arrivals)
            n += 1
        else:
            at = _print(out, at, trades, row, trade_heads, conditions, cancels, arrivals)
    return (n, *_headed(out, at, count))


@compiled
def _headed(out: NDArray[np.uint8], at: int, count: int) -> tuple[int, int]:
    """Put the shortest array header before the rows."""
    if count == 0:
        return 0, 0
    if count < _SHORT_ARRAY:
        out[_HEAD - 1] = 0x90 | count
        return _HEAD - 1, at
    out[0] = 0xDC
    out[1] = count >> 8
    out[2] = count & 0xFF
    return 0, at


@compiled
def _corrects(trades: _Trades, row: int, following: int, reversals: NDArray[np.bool_]) -> bool:
    """Say whether the print after a reversal stands in its place."""
    return (
        following == row + 1
        and trades.symbol_id[following] == trades.symbol_id[row]
        and trades.ts_init[following] == trades.ts_init[row]
        and trades.ts_event[following] == trades.ts_event[row]
        and not reversals[trades.condition_id[following]]
    )


@compiled
def _print(
    out: NDArray[np.uint8],
    at: int,
    trades: _Trades,
    row: int,
    heads: Texts,
    conditions: Texts,
    cancels: bool,  # noqa: FBT001
    arrivals: bool,  # noqa: FBT001
) -> int:
    """Write a print, or that one is taken back; of that the conditions only with arrivals."""
    fields = _FIELDS[_CANCEL] + 2 * arrivals if cancels else _FIELDS[_TRADE] + arrivals
    at = opened(out, at, fields, ord("x") if cancels else ord("t"))
    at = copied(out, at, heads, trades.symbol_id[row])
    at = _terms(out, at, 0, trades, row)
    if cancels:
        at = key(out, at, ord("a"))
        at = key(out, at, ord("C"))
    if arrivals or not cancels:
        at = key(out, at, ord("c"))
        at = copied(out, at, conditions, trades.condition_id[row])
    return _times(out, at, trades.ts_event[row], trades.ts_init[row], arrivals)


@compiled
def _correction(
    out: NDArray[np.uint8],
    at: int,
    trades: _Trades,
    row: int,
    heads: Texts,
    conditions: Texts,
    arrivals: bool,  # noqa: FBT001
) -> int:
    at = opened(out, at, _FIELDS[_CORRECTION] + arrivals, ord("c"))
    at = copied(out, at, heads, trades.symbol_id[row])
    for of in range(2):
        version = ord("o") if of == 0 else ord("c")
        at = _terms(out, at, version, trades, row + of)
        at = long_key(out, at, version, ord("c"))
        at = copied(out, at, conditions, trades.condition_id[row + of])
    return _times(out, at, trades.ts_event[row], trades.ts_init[row], arrivals)


@compiled
def _terms(out: NDArray[np.uint8], at: int, version: int, trades: _Trades, row: int) -> int:
    """Write id, price and size of a print, each key behind its version's letter if it has one."""
    at = _versioned(out, at, version, ord("i"))
    at = unsigned64(out, at, trades.trade_id[row])
    at = _versioned(out, at, version, ord("p"))
    at = float64(out, at, trades.price_bits[row])
    at = _versioned(out, at, version, ord("s"))
    whole = trades.size[row] // SIZE_SCALE
    if whole * SIZE_SCALE == trades.size[row]:
        return unsigned(out, at, whole)
    return float64(out, at, trades.size_bits[row])


@compiled
def _versioned(out: NDArray[np.uint8], at: int, version: int, letter: int) -> int:
    return long_key(out, at, version, letter) if version else key(out, at, letter)


@compiled
def _quote(
    out: NDArray[np.uint8],
    at: int,
    quotes: _Quotes,
    row: int,
    heads: Texts,
    arrivals: bool,  # noqa: FBT001
) -> int:
    at = opened(out, at, _FIELDS[_QUOTE] + arrivals, ord("q"))
    at = copied(out, at, heads, quotes.symbol_id[row])
    at = long_key(out, at, ord("b"), ord("p"))
    at = float64(out, at, quotes.bid_bits[row])
    at = long_key(out, at, ord("b"), ord("s"))
    at = unsigned(out, at, quotes.bid_size[row])
    at = long_key(out, at, ord("a"), ord("p"))
    at = float64(out, at, quotes.ask_bits[row])
    at = long_key(out, at, ord("a"), ord("s"))
    at = unsigned(out, at, quotes.ask_size[row])
    return _times(out, at, quotes.ts_event[row], quotes.ts_init[row], arrivals)


@compiled
def _times(
    out: NDArray[np.uint8],
    at: int,
    ts_event: int,
    ts_init: int,
    arrivals: bool,  # noqa: FBT001
) -> int:
    at = key(out, at, ord("t"))
    at = timestamp(out, at, ts_event)
    if arrivals:
        at = key(out, at, ord("r"))
        at = timestamp(out, at, ts_init)
    return at
