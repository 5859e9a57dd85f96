"""How the alphabet is cut into slots before a day, and a batch into its slots' rows during it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cluster.slots import LETTERS, PLACES, Slot, Slots
from engine.domain.errors import ConfigError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters


def default_slots(params: Parameters) -> Slots:
    """Return slots of ``letters_per_shard`` letters each; the last may have fewer."""
    width = params.letters_per_shard
    starts = range(0, LETTERS, width)
    return Slots([Slot(at * LETTERS, min(at + width, LETTERS) * LETTERS - 1) for at in starts])


def equal_slots(count: int) -> Slots:
    """Return so many slots of about as many letters each; of prefixes where letters are too few.

    Raises
    ------
    ConfigError
        Not 1 to 676.
    """
    if not 1 <= count <= PLACES:
        raise ConfigError(f"{count} slots, expected 1 to {PLACES}")
    units, width = (LETTERS, LETTERS) if count <= LETTERS else (PLACES, 1)
    edges = [k * units // count * width for k in range(count + 1)]
    return Slots([Slot(start, end - 1) for start, end in pairwise(edges)])


def cut_to(slots: Slots, load: NDArray[np.float64], most: float) -> Slots:
    """Return slots of which none carries more than ``most``, as far as prefixes can be told apart.

    Parameters
    ----------
    load : float64 array, shape (676,)
        Measured load of each place, as of the day before.
    """
    found: list[Slot] = []
    for slot in slots:
        found += _cut(slot, load, most)
    return Slots(found)


def _cut(slot: Slot, load: NDArray[np.float64], most: float) -> list[Slot]:
    """Cut where the halves are most alike, and each half again while it is too heavy."""
    own = load[slot.first : slot.last + 1]
    total = float(own.sum())
    if total <= most or slot.first == slot.last:
        return [slot]
    before = np.cumsum(own)[:-1]
    middle = slot.first + int(np.argmin(np.abs(2 * before - total)))
    halves = Slot(slot.first, middle), Slot(middle + 1, slot.last)
    return [each for half in halves for each in _cut(half, load, most)]


class Divider:
    """Gives each slot its own rows of a batch, with a table of its own symbols.

    Tables grow at their end, as that of the stream does: what was looked up before is not again.
    """

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._names: tuple[str, ...] = ()
        self._of_name = np.empty(0, np.int16)
        self._own_id = np.empty(0, np.int32)
        self._tables: list[tuple[str, ...]] = [()] * len(slots)

    def divide[Batch: (TradeBatch, QuoteBatch)](self, batch: Batch) -> Iterator[tuple[int, Batch]]:
        """Yield the number of each slot that has rows, and those rows in order."""
        self._know(batch.symbols)
        slot = self._of_name[batch.symbol_id]
        for number in np.unique(slot).tolist():
            own = batch.rows(slot == number)
            ids = self._own_id[own.symbol_id]
            yield number, replace(own, symbol_id=ids, symbols=self._tables[number])

    def _know(self, names: tuple[str, ...]) -> None:
        """Take a table of the stream: give each new symbol its number within its slot."""
        if names is self._names:
            return
        known = len(self._names)
        if names[:known] != self._names:
            known = 0
            self._tables = [()] * len(self._slots)
        fresh: Sequence[str] = names[known:]
        of_fresh = self._slots.of(fresh)
        ids = np.empty(len(fresh), np.int32)
        for number in np.unique(of_fresh).tolist():
            mine = np.flatnonzero(of_fresh == number)
            table = self._tables[number]
            ids[mine] = np.arange(len(table), len(table) + len(mine))
            self._tables[number] = (*table, *(fresh[k] for k in mine.tolist()))
        self._of_name = np.concatenate([self._of_name[:known], of_fresh])
        self._own_id = np.concatenate([self._own_id[:known], ids])
        self._names = names
