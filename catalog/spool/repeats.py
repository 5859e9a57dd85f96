"""Rows that a venue sent a second time after its clock went back, told from rows alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch

type Batch = TradeBatch | QuoteBatch

_TRADE = ("symbol_id", "ts_event", "price", "size", "condition_id")
_QUOTE = ("symbol_id", "ts_event", "bid", "ask", "bid_size", "ask_size")
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


class Repeats:
    """Follows the arrivals of one kind and finds the rows that had arrived before.

    Arrivals are a row of stretches; a new one begins wherever ``ts_init`` goes back. Rows carry no
    number that tells them apart, and two prints of one instant can be equal. So they are counted:
    as often as a row came before a stretch it is a repetition in it, and beyond that it is real.
    Rows are compared by 64 bits of all they say but for their arrival. While time never goes back
    nothing is kept and nothing read twice.

    Parameters
    ----------
    earlier : callable
        Returns the batches so far once more, with the same numbers for symbols and conditions.

    Attributes
    ----------
    found : int
        Repetitions so far.
    """

    def __init__(self, earlier: Callable[[int], Iterable[Batch]]) -> None:
        self.found = 0
        self._earlier = earlier
        self._batches = 0
        self._last = 0
        self._kept: list[NDArray[np.uint64]] | None = None
        self._known = np.zeros(0, np.uint64)
        self._left = np.zeros(0, np.int64)

    def among(self, batch: Batch) -> NDArray[np.bool_] | None:
        """Return which rows of the next batch are repetitions, None for none."""
        ts = batch.ts_init
        back = np.flatnonzero(ts < np.concatenate(([self._last], ts[:-1])))
        self._last, number = int(ts[-1]), self._batches
        self._batches += 1
        if self._kept is None and not len(back):
            return None
        if self._kept is None:
            self._kept = [_prints_of(each) for each in self._earlier(number)]
        prints = _prints_of(batch)
        repeated = np.zeros(len(batch), np.bool_)
        edges = [0, *(back[back > 0]).tolist(), len(batch)]
        for start, end in pairwise(edges):
            if start in back:
                self._known, self._left = np.unique(
                    np.concatenate(self._kept or [prints[:0]]), return_counts=True
                )
            repeated[start:end] = found = self._repeated(prints[start:end])
            self._kept.append(prints[start:end][~found])
        self.found += int(repeated.sum())
        return repeated

    def _repeated(self, prints: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return which rows are known as often as they have come by now in this stretch."""
        if not len(self._known):
            return np.zeros(len(prints), np.bool_)
        places = np.minimum(np.searchsorted(self._known, prints), len(self._known) - 1)
        alike = self._known[places] == prints
        order = np.argsort(prints, kind="stable")
        ordered = prints[order]
        first = np.searchsorted(ordered, ordered)
        nth = np.empty(len(prints), np.int64)
        nth[order] = np.arange(len(prints)) - first
        repeated = alike & (nth < self._left[places])
        np.subtract.at(self._left, places[repeated], 1)
        return repeated


def _prints_of(batch: Batch) -> NDArray[np.uint64]:
    """Return 64 bits of what each row says."""
    mixed = np.zeros(len(batch), np.uint64)
    for name in _TRADE if isinstance(batch, TradeBatch) else _QUOTE:
        mixed = (mixed ^ getattr(batch, name).astype(np.int64).view(np.uint64)) * _MIX
        mixed ^= mixed >> _SHIFT
    return mixed
