"""A tape as frames of the venue, each row with the instant of its arrival."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from adapters.alpaca.wire.instants import timestamp
from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE, json_shares
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch

type Stamped = tuple[bytes, int]
"""A frame and when the last of its rows arrived, UTC ns."""


def frames(
    prints: TradeBatch, quotes: QuoteBatch | None, ends: list[int], most: int = 400
) -> Iterator[list[Stamped]]:
    """Yield the frames of each stretch that ends at an instant; at one instant quotes go first."""
    rows = sorted(
        [*_quotes(quotes), *_prints(prints)], key=lambda each: each[0]
    )  # stable: quotes stand first
    arrivals = np.array([ts for ts, _ in rows])
    start = 0
    for until in ends:
        end = int(np.searchsorted(arrivals, until))
        yield [
            (
                msgspec.msgpack.encode([row for _, row in rows[k : min(k + most, end)]]),
                rows[min(k + most, end) - 1][0],
            )
            for k in range(start, end, most)
        ]
        start = end


def _prints(batch: TradeBatch) -> Iterator[tuple[int, dict[str, Any]]]:
    columns = (batch.symbol_id, batch.condition_id, batch.ts_event, batch.ts_init, batch.price)
    rows = zip(*(each.tolist() for each in (*columns, batch.size)), strict=True)
    for number, (symbol, condition, event, init, price, size) in enumerate(rows, start=1):
        exact = size / SIZE_SCALE if size % SIZE_SCALE else json_shares(size)
        yield (
            init,
            {
                "T": "t", "S": batch.symbols[symbol], "i": number, "x": "V",
                "p": price / PRICE_SCALE, "s": exact, "c": list(batch.conditions[condition]),
                "t": timestamp(event), "r": timestamp(init), "z": "A",
            },
        )  # fmt: skip


def _quotes(batch: QuoteBatch | None) -> Iterator[tuple[int, dict[str, Any]]]:
    if batch is None:
        return
    columns = (batch.symbol_id, batch.ts_event, batch.ts_init, batch.bid, batch.ask)
    rows = zip(*(each.tolist() for each in (*columns, batch.bid_size, batch.ask_size)), strict=True)
    for symbol, event, init, bid, ask, bid_size, ask_size in rows:
        yield (
            init,
            {
                "T": "q", "S": batch.symbols[symbol], "bx": "V", "bp": bid / PRICE_SCALE,
                "bs": bid_size, "ax": "V", "ap": ask / PRICE_SCALE, "as": ask_size, "c": ["R"],
                "t": timestamp(event), "r": timestamp(init), "z": "A",
            },
        )  # fmt: skip
