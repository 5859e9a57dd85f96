"""The last quote and print of each symbol, as far as the tape was played."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.quotes import Quote
from simulator.tape.block import Block, compiled


class LastPrint(NamedTuple):
    """An eligible print: 1e-6 USD, 1e-6 share, arrival (UTC ns)."""

    price: int
    size: int
    ts_init: int


class LastSeen:
    """What every symbol last had that orders can be filled or judged by.

    Rows are noted in order; a block is followed lazily, up to where somebody asks.
    """

    def __init__(self, symbols: int) -> None:
        self._quotes = np.zeros((symbols, 5), np.int64)
        self._prints = np.zeros((symbols, 3), np.int64)

    def note(self, block: Block, start: int, end: int) -> None:
        """Take in the rows ``[start, end)`` of a block."""
        trades, quotes = block.trades, block.quotes
        _note(
            block.order,
            start,
            end,
            _Prints(trades.symbol_id, block.moves, trades.price, trades.size, trades.ts_init),
            _Quotes(
                quotes.symbol_id,
                block.offers,
                quotes.bid,
                quotes.ask,
                quotes.bid_size,
                quotes.ask_size,
                quotes.ts_init,
            ),
            self._prints,
            self._quotes,
        )

    def quote(self, symbol_id: int) -> Quote | None:
        """Return a symbol's last quote that could be filled at."""
        bid, ask, bid_size, ask_size, ts = self._quotes[symbol_id].tolist()
        return Quote(bid, ask, bid_size, ask_size, ts) if ts else None

    def print(self, symbol_id: int) -> LastPrint | None:
        """Return a symbol's last eligible print."""
        price, size, ts = self._prints[symbol_id].tolist()
        return LastPrint(price, size, ts) if ts else None


class _Prints(NamedTuple):
    symbol_id: NDArray[np.int32]
    moves: NDArray[np.bool_]
    price: NDArray[np.int64]
    size: NDArray[np.int64]
    ts: NDArray[np.int64]


class _Quotes(NamedTuple):
    symbol_id: NDArray[np.int32]
    offers: NDArray[np.bool_]
    bid: NDArray[np.int64]
    ask: NDArray[np.int64]
    bid_size: NDArray[np.int64]
    ask_size: NDArray[np.int64]
    ts: NDArray[np.int64]


@compiled
def _note(
    order: NDArray[np.int32],
    start: int,
    end: int,
    trades: _Prints,
    quotes: _Quotes,
    last_prints: NDArray[np.int64],
    last_quotes: NDArray[np.int64],
) -> None:
    for n in range(start, end):
        row = order[n]
        if row >= 0:
            if trades.moves[row]:
                last = last_prints[trades.symbol_id[row]]
                last[0] = trades.price[row]
                last[1] = trades.size[row]
                last[2] = trades.ts[row]
        elif quotes.offers[~row]:
            row = ~row
            touch = last_quotes[quotes.symbol_id[row]]
            touch[0] = quotes.bid[row]
            touch[1] = quotes.ask[row]
            touch[2] = quotes.bid_size[row]
            touch[3] = quotes.ask_size[row]
            touch[4] = quotes.ts[row]
