"""Batches in order of arrival, cut where somebody asks for what came before an instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch


def not_before[Batch: (TradeBatch, QuoteBatch)](batch: Batch, earliest: int) -> Batch:
    """Return a batch, not empty, of which nothing arrives before an instant (UTC ns)."""
    if batch.ts_init[0] >= earliest:
        return batch
    return replace(batch, ts_init=np.maximum(batch.ts_init, earliest))


class InOrder:
    """Lets no batch arrive before the one ahead of it: what is handed over late is late."""

    def __init__(self) -> None:
        self._latest = 0

    def take[Batch: (TradeBatch, QuoteBatch)](self, batch: Batch) -> Batch:
        """Return a batch, not empty, as it arrives behind those taken before."""
        later = not_before(batch, self._latest)
        self._latest = int(later.ts_init[-1])
        return later


class Arrivals[Batch: (TradeBatch, QuoteBatch)]:
    """What arrived, one batch in memory at a time."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self._batches = iter(batches)
        self._rest = next(self._batches, None)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self._rest is None

    def rest(self) -> Iterator[Batch]:
        """Yield all that is left."""
        while self._rest is not None:
            batch, self._rest = self._rest, next(self._batches, None)
            yield batch

    def before(self, ts: int) -> Iterator[Batch]:
        """Yield what arrived before an instant."""
        while self._rest is not None:
            batch = self._rest
            cut = int(np.searchsorted(batch.ts_init, ts))
            if cut < len(batch):
                if cut:
                    yield batch.rows(slice(None, cut))
                    self._rest = batch.rows(slice(cut, None))
                return
            self._rest = next(self._batches, None)
            yield batch
