"""Beside the catalog: a live day in miniature, as frames of a feed whose tables grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np

from catalog.spool import Heading
from catalog.spool.bodies import Arrived
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import session

DAY = date(2026, 9, 18)
HEADING = Heading("paper-2026-09-18", DAY, "sip", {"AAA": "A", "BBB": "C"})
_NAMES = ("AAA", "BBB", "CCC", "DDD", "EEE", "ZZZ")
_CODES = ("", "@", "@TI", "!@")


def frames(n: int, seed: int, *, start_ns: int | None = None) -> Iterator[Arrived]:
    """Yield ``n`` batches of 1 to 20 rows, two kinds in turn and a halt now and then."""
    chance = np.random.default_rng(seed)
    now = start_ns or session(DAY).open_ns
    symbols = _NAMES[:1]
    conditions = _CODES[:1]
    for number in range(n):
        if number % 3 == 0 and len(symbols) < len(_NAMES):
            symbols = (*symbols, _NAMES[len(symbols)])
            conditions = _CODES[: len(symbols)]
        rows = int(chance.integers(1, 20))
        ts_init = now + np.cumsum(chance.integers(0, 30_000_000, rows))
        now = int(ts_init[-1])
        ts_event = ts_init - chance.integers(0, 5_000_000, rows)
        ids = chance.integers(0, len(symbols), rows).astype(np.int32)
        price = chance.integers(1, 10**9, rows)
        if number % 7 == 6:
            yield (TradingStatus(symbols[0], now - 5, now, bool(number % 2), "LUDP"),)
        elif number % 2:
            sizes = chance.integers(1, 10_000, (2, rows))
            yield QuoteBatch(ids, symbols, ts_event, ts_init, price, price + 10_000, *sizes)
        else:
            yield TradeBatch(
                ids,
                symbols,
                ts_event,
                ts_init,
                price,
                chance.integers(1, 10_000, rows) * 1_000_001,
                chance.integers(0, len(conditions), rows).astype(np.int32),
                conditions,
            )


def rows(batches: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of some batches of one kind, texts in place of numbers."""
    found: list[tuple[Any, ...]] = []
    for batch in batches:
        if isinstance(batch, TradeBatch):
            columns = (batch.ts_event, batch.ts_init, batch.price, batch.size)
            texts = [batch.conditions[code] for code in batch.condition_id]
        elif isinstance(batch, QuoteBatch):
            columns = (batch.ts_event, batch.ts_init, batch.bid, batch.ask)
            columns += (batch.bid_size, batch.ask_size)
            texts = [""] * len(batch)
        else:
            found += [tuple(getattr(row, name) for name in row.__struct_fields__) for row in batch]
            continue
        names = [batch.symbols[number] for number in batch.symbol_id]
        found += zip(names, texts, *(column.tolist() for column in columns), strict=True)
    return found


def of_kind(arrived: Sequence[Arrived], kind: type) -> list[Any]:
    """Return the batches of one kind."""
    return [batch for batch in arrived if isinstance(batch, kind)]
