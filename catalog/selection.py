"""Rows of some symbols, picked from batches and joined in order of arrival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch


def pick[Batch: (TradeBatch, QuoteBatch)](
    batch: Batch, symbol_ids: Mapping[str, int], start_ns: int, end_ns: int
) -> Batch:
    """Return the rows of some symbols with ``start_ns <= ts_init < end_ns``.

    The result's symbol ids are those of ``symbol_ids``.
    """
    first, end = np.searchsorted(batch.ts_init, (start_ns, end_ns))
    stretch = batch.rows(slice(int(first), int(end)))
    new_id = np.array([symbol_ids.get(name, -1) for name in batch.symbols], dtype=np.int32)
    wanted = new_id[stretch.symbol_id]
    kept = stretch.rows(wanted >= 0)
    return replace(kept, symbol_id=new_id[kept.symbol_id], symbols=tuple(symbol_ids))


def join_trades(batches: Sequence[TradeBatch], symbols: tuple[str, ...]) -> TradeBatch:
    """Return one batch of several with the same symbol table, ordered by ``ts_init``.

    Rows of equal ``ts_init`` keep the order of the batches.
    """
    conditions = {code: n for n, code in enumerate(_distinct(batches))}
    recoded = [
        np.array([conditions[code] for code in batch.conditions], np.int32)[batch.condition_id]
        for batch in batches
    ]
    joined = TradeBatch(
        _concatenate([batch.symbol_id for batch in batches], np.int32),
        symbols,
        _concatenate([batch.ts_event for batch in batches], np.int64),
        _concatenate([batch.ts_init for batch in batches], np.int64),
        _concatenate([batch.price for batch in batches], np.int64),
        _concatenate([batch.size for batch in batches], np.int64),
        _concatenate(recoded, np.int32),
        tuple(conditions),
    )
    return _in_order(joined)


def join_quotes(batches: Sequence[QuoteBatch], symbols: tuple[str, ...]) -> QuoteBatch:
    """Return one batch of several, as ``join_trades`` does."""
    joined = QuoteBatch(
        _concatenate([batch.symbol_id for batch in batches], np.int32),
        symbols,
        _concatenate([batch.ts_event for batch in batches], np.int64),
        _concatenate([batch.ts_init for batch in batches], np.int64),
        _concatenate([batch.bid for batch in batches], np.int64),
        _concatenate([batch.ask for batch in batches], np.int64),
        _concatenate([batch.bid_size for batch in batches], np.int64),
        _concatenate([batch.ask_size for batch in batches], np.int64),
    )
    return _in_order(joined)


def _distinct(batches: Sequence[TradeBatch]) -> dict[str, None]:
    return dict.fromkeys(code for batch in batches for code in batch.conditions)


def _concatenate[Number: np.generic](
    arrays: Sequence[NDArray[Number]], dtype: type[Number]
) -> NDArray[Number]:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype)


def _in_order[Batch: (TradeBatch, QuoteBatch)](batch: Batch) -> Batch:
    if np.all(batch.ts_init[1:] >= batch.ts_init[:-1]):
        return batch
    return batch.rows(np.argsort(batch.ts_init, kind="stable"))
