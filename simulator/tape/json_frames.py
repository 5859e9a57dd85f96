"""Rows of the tape as JSON frames, for clients that do not speak msgpack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import batched
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.domain.fixed_point import PRICE_SCALE, json_shares
from engine.domain.market_data.conditions import REVERSAL_MARK
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from simulator.instants import rfc3339
from simulator.market_data.history.row_facts import codes, exchange, told_tape
from simulator.tape.block import Block

_FRAME_ROWS = 2_000


class JsonFrames:
    """Encodes blocks of one day; says what ``MsgpackFrames`` says, a Python object per row.

    Parameters
    ----------
    symbols : tuple of str
        The universe, in alphabetical order.
    tapes : mapping of symbol to tape letter
    """

    def __init__(self, symbols: tuple[str, ...], tapes: Mapping[str, str]) -> None:
        self._tapes = [told_tape(tapes.get(symbol, "")) for symbol in symbols]

    def frames(
        self,
        block: Block,
        start: int,
        end: int,
        wants_trades: NDArray[np.bool_],
        wants_quotes: NDArray[np.bool_],
        *,
        arrivals: bool,
    ) -> Iterator[str]:
        """Yield the wanted rows of ``[start, end)`` as arrays of messages."""
        rows = self._rows(block, start, end, wants_trades, wants_quotes, arrivals=arrivals)
        for some in batched(rows, _FRAME_ROWS, strict=False):
            yield msgspec.json.encode(some).decode()

    def _rows(
        self,
        block: Block,
        start: int,
        end: int,
        wants_trades: NDArray[np.bool_],
        wants_quotes: NDArray[np.bool_],
        *,
        arrivals: bool,
    ) -> Iterator[dict[str, Any]]:
        trades, quotes = block.trades, block.quotes
        taken_back: int | None = None
        for position, row in enumerate(block.order[start:end].tolist(), start):
            if row < 0:
                if wants_quotes[quotes.symbol_id[~row]]:
                    yield self._quote(quotes, ~row, arrivals=arrivals)
                continue
            if not wants_trades[trades.symbol_id[row]]:
                continue
            if taken_back is not None:
                yield self._correction(block, taken_back, row, arrivals=arrivals)
                taken_back = None
            elif not trades.conditions[trades.condition_id[row]].startswith(REVERSAL_MARK):
                yield self._print(block, row, arrivals=arrivals)
            elif position + 1 < end and _corrects(trades, row, int(block.order[position + 1])):
                taken_back = row
            else:
                yield self._cancel(block, row, arrivals=arrivals)

    def _print(self, block: Block, row: int, *, arrivals: bool) -> dict[str, Any]:
        return (
            self._head("t", block.trades, row)
            | dict(zip("ipsc", _terms(block, row), strict=True))
            | _times(block.trades, row, arrivals=arrivals)
        )

    def _cancel(self, block: Block, row: int, *, arrivals: bool) -> dict[str, Any]:
        told = dict(zip("ipsc", _terms(block, row), strict=True)) | {"a": "C"}
        if not arrivals:
            del told["c"]
        return (
            self._head("x", block.trades, row) | told | _times(block.trades, row, arrivals=arrivals)
        )

    def _correction(
        self, block: Block, taken_back: int, row: int, *, arrivals: bool
    ) -> dict[str, Any]:
        original = zip(("oi", "op", "os", "oc"), _terms(block, taken_back), strict=True)
        corrected = zip(("ci", "cp", "cs", "cc"), _terms(block, row), strict=True)
        return (
            self._head("c", block.trades, row)
            | dict(original)
            | dict(corrected)
            | _times(block.trades, row, arrivals=arrivals)
        )

    def _quote(self, quotes: QuoteBatch, row: int, *, arrivals: bool) -> dict[str, Any]:
        tape = self._tapes[quotes.symbol_id[row]]
        return {
            "T": "q",
            "S": quotes.symbols[quotes.symbol_id[row]],
            "bx": exchange(tape),
            "bp": int(quotes.bid[row]) / PRICE_SCALE,
            "bs": int(quotes.bid_size[row]),
            "ax": exchange(tape),
            "ap": int(quotes.ask[row]) / PRICE_SCALE,
            "as": int(quotes.ask_size[row]),
            "c": ["R"],
            "z": tape,
        } | _times(quotes, row, arrivals=arrivals)

    def _head(self, kind: str, trades: TradeBatch, row: int) -> dict[str, Any]:
        tape = self._tapes[trades.symbol_id[row]]
        symbol = trades.symbols[trades.symbol_id[row]]
        return {"T": kind, "S": symbol, "x": exchange(tape), "z": tape}


def _corrects(trades: TradeBatch, row: int, following: int) -> bool:
    """Say whether the print after a reversal stands in its place."""
    if following != row + 1:
        return False
    columns = trades.symbol_id, trades.ts_init, trades.ts_event
    same = all(column[row] == column[following] for column in columns)
    codes_then = trades.conditions[trades.condition_id[following]]
    return same and not codes_then.startswith(REVERSAL_MARK)


def _terms(block: Block, row: int) -> tuple[int, float, float, list[str]]:
    """Return id, price in USD, size in shares and sale conditions of a print."""
    trades = block.trades
    given = trades.conditions[trades.condition_id[row]]
    price = int(trades.price[row]) / PRICE_SCALE
    return int(block.trade_id[row]), price, json_shares(int(trades.size[row])), codes(given)


def _times(batch: TradeBatch | QuoteBatch, row: int, *, arrivals: bool) -> dict[str, str]:
    told = {"t": rfc3339(int(batch.ts_event[row]))}
    return told | {"r": rfc3339(int(batch.ts_init[row]))} if arrivals else told
