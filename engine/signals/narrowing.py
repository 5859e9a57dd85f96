"""Batches narrowed to some symbols."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch


def narrowed[Batch: (TradeBatch, QuoteBatch)](
    batches: Iterable[Batch], symbols: Sequence[str] | None
) -> Iterator[Batch]:
    """Yield each batch with the rows of some symbols only, in order; as it is for None."""
    if symbols is None:
        yield from batches
        return
    wanted = set(symbols)
    for batch in batches:
        kept = [k for k, name in enumerate(batch.symbols) if name in wanted]
        new_id = np.full(len(batch.symbols), -1, np.int32)
        new_id[kept] = np.arange(len(kept), dtype=np.int32)
        rows = batch.rows(new_id[batch.symbol_id] >= 0)
        names = tuple(batch.symbols[k] for k in kept)
        yield replace(rows, symbol_id=new_id[rows.symbol_id], symbols=names)
