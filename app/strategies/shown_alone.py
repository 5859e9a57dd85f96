"""Whether what a strategy says of a symbol depends on which other symbols it sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engine.signals.columns import TapePart
from engine.signals.tables import values
from engine.signals.whole_tape.signal_runner import SignalBlock, SignalSource
from engine.signals.whole_tape.signal_tables import SIGNALS

_ALONE = 3
"""Symbols that are shown alone: those of which the strategy says most."""


@dataclass(frozen=True, slots=True)
class SaidAlone:
    """The first bucket at which it said otherwise of symbols that it saw without the others.

    ``shown`` are the symbols it saw: one of those it says most of, or none: all but those.
    """

    ts_event: int
    shown: str | None
    with_all: tuple[str, ...]
    without: tuple[str, ...]


def symbols_alone(said: pa.Table) -> list[str]:
    """Return the symbols to show alone, those of which most is said."""
    counts = Counter(values(said, "symbol"))
    return sorted(counts, key=lambda symbol: (-counts[symbol], symbol))[:_ALONE]


class SomeSymbols:
    """Shows a source some symbols of the tape, up to an instant, and asks no more after it.

    Parameters
    ----------
    symbols : collection of str
    shows : bool
        Whether these are shown, or all others.
    until_ns : int
        UTC ns.
    """

    def __init__(
        self, source: SignalSource, symbols: Collection[str], until_ns: int, *, shows: bool
    ) -> None:
        self._source = source
        self._symbols = frozenset(symbols)
        self._shows = shows
        self._until_ns = until_ns

    @property
    def wants_quotes(self) -> bool:
        """Whether the tape has to have quotes."""
        return self._source.wants_quotes

    def take(self, parts: Sequence[TapePart], start: int) -> SignalBlock:
        """Return what is said of the buckets from ``start`` to the last that closed."""
        p = parts[0].settings
        if p.first_ns + start * p.width_ns > self._until_ns:
            return SignalBlock(SIGNALS.empty_table(), (), ())
        return self._source.take([self._narrowed(part) for part in parts], start)

    def strips(self, symbols: int) -> Mapping[str, NDArray[np.int8]]:
        """Return each strategy's scores."""
        return self._source.strips(symbols)

    def _narrowed(self, part: TapePart) -> TapePart:
        """Return a part on which the other symbols have had no print yet."""
        known = len(part.first_buckets)
        shown = [(name in self._symbols) is self._shows for name in part.symbols[:known]]
        hidden = ~np.array(shown, np.bool_)
        return part._replace(first_buckets=np.where(hidden, -1, part.first_buckets))


def first_said_alone(
    whole: pa.Table, alone: pa.Table, symbols: Collection[str], *, shown: str | None
) -> SaidAlone | None:
    """Return where a table of what was said without the other symbols differs from the whole.

    Parameters
    ----------
    whole, alone : pa.Table
        Ordered by time and symbol, comparable by their values.
    symbols : collection of str
        Those shown alone one by one; with ``shown`` None they are left out of the whole.
    """
    among = pc.field("symbol").isin(list(symbols) if shown is None else [shown])
    own = whole.filter(~among if shown is None else among)
    if own.equals(alone):
        return None
    for ts in np.union1d(*(each.column("ts_event").to_numpy() for each in (own, alone))).tolist():
        both = [each.filter(pc.field("ts_event") == pc.scalar(ts)) for each in (own, alone)]
        if not both[0].equals(both[1]):
            told = [tuple(map(str, each.to_pylist()[:3])) for each in both]
            return SaidAlone(ts, shown, told[0], told[1])
    return None
