"""One symbol's recorded day as history tells it at some moment of that day."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.conditions import REVERSAL_MARK
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.recorded import MarketData, letter_of
from engine.domain.market_data.trades import TradeBatch

NEVER = int(np.iinfo(np.int64).max)
_ALWAYS = int(np.iinfo(np.int64).min)
_LOADED_AT_ONCE = 32
_KEPT_ROWS = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Prints:
    """Prints of a day by symbol and exchange time, with what became of each of them.

    Questions are asked of the prints of one symbol.

    Attributes
    ----------
    batch : TradeBatch
        Prints without reversals, ordered by ``ts_event``, rows of equal time as they arrived.
    trade_id : int64 array, shape (n,)
        Place in the order of arrival, from 1.
    ended_at : int64 array, shape (n,)
        Arrival of the cancel or correction that took the print back, ``NEVER`` if none did.
    corrected : bool array, shape (n,)
        Whether it was a correction that took the print back.
    corrects : bool array, shape (n,)
        Whether the print replaces another.
    """

    batch: TradeBatch
    trade_id: NDArray[np.int64]
    ended_at: NDArray[np.int64]
    corrected: NDArray[np.bool_]
    corrects: NDArray[np.bool_]

    def rows(self, select: slice) -> Prints:
        """Return a stretch of the prints."""
        return Prints(
            self.batch.rows(select),
            self.trade_id[select],
            self.ended_at[select],
            self.corrected[select],
            self.corrects[select],
        )

    def between(self, start_ns: int, end_ns: int, now: int) -> NDArray[np.int64]:
        """Return the rows with ``start_ns <= ts_event <= end_ns`` that arrived by ``now``."""
        first, end = np.searchsorted(self.batch.ts_event, (start_ns, end_ns + 1))
        return first + np.flatnonzero(self.batch.ts_init[first:end] <= now)

    def standing(self, start_ns: int, end_ns: int, now: int) -> NDArray[np.int64]:
        """Return those rows of ``between`` that nothing had taken back by ``now``."""
        rows = self.between(start_ns, end_ns, now)
        return rows[self.ended_at[rows] > now]


class Recorded:
    """Recorded days, a symbol at a time; what was read last is kept.

    Parameters
    ----------
    market
        The port to recorded days.
    last_day
        Days after it do not exist yet.
    """

    def __init__(self, market: MarketData, last_day: date) -> None:
        self.market = market
        self.days = [day for day in market.dates() if day <= last_day]
        self._prints: OrderedDict[tuple[date, str], Prints] = OrderedDict()
        self._quotes: OrderedDict[tuple[date, str], QuoteBatch] = OrderedDict()
        self._lock = Lock()

    def days_between(self, first: date, last: date) -> list[date]:
        """Return the recorded days from ``first`` to ``last``, both included, ascending."""
        return [day for day in self.days if first <= day <= last]

    def prints(self, day: date, symbol: str, following: Sequence[str] = ()) -> Prints:
        """Return a symbol's prints of a day.

        Parameters
        ----------
        following
            Symbols that will be asked for next, worth reading along.
        """
        with self._lock:
            if (day, symbol) not in self._prints:
                names = _together(symbol, following)
                batch = self.market.trades(day, names, _ALWAYS, NEVER)
                for name, rows in _by_symbol(batch, names):
                    self._prints[day, name] = settle(batch.rows(rows))
                _forget(self._prints, [len(each.trade_id) for each in self._prints.values()])
            self._prints.move_to_end((day, symbol))
            return self._prints[day, symbol]

    def quotes(self, day: date, symbol: str, following: Sequence[str] = ()) -> QuoteBatch:
        """Return a symbol's quotes of a day, ordered by ``ts_event``."""
        with self._lock:
            if (day, symbol) not in self._quotes:
                names = _together(symbol, following)
                batch = self.market.quotes(day, names, _ALWAYS, NEVER)
                for name, rows in _by_symbol(batch, names):
                    order = rows[np.argsort(batch.ts_event[rows], kind="stable")]
                    self._quotes[day, name] = batch.rows(order)
                _forget(self._quotes, [len(each) for each in self._quotes.values()])
            self._quotes.move_to_end((day, symbol))
            return self._quotes[day, symbol]


def settle(batch: TradeBatch) -> Prints:
    """Return prints by symbol and exchange time, each with what became of it.

    Parameters
    ----------
    batch
        Symbol by symbol, each in order of arrival, with reversals; see ``TradeBatch.conditions``.
    """
    n = len(batch)
    taking = [code.startswith(REVERSAL_MARK) for code in batch.conditions]
    is_reversal = np.array(taking, dtype=np.bool_)[batch.condition_id] if n else np.empty(0, bool)
    first = np.searchsorted(batch.symbol_id, batch.symbol_id)
    ended_at = np.full(n, NEVER)
    corrected = np.zeros(n, dtype=np.bool_)
    corrects = np.zeros(n, dtype=np.bool_)
    for row in np.flatnonzero(is_reversal).tolist():
        original = _original(batch, int(first[row]), row, is_reversal, ended_at)
        follows = row + 1 < n and (
            not is_reversal[row + 1]
            and batch.symbol_id[row + 1] == batch.symbol_id[row]
            and batch.ts_init[row + 1] == batch.ts_init[row]
            and batch.ts_event[row + 1] == batch.ts_event[row]
        )
        if follows:
            corrects[row + 1] = True
        if original is not None:
            ended_at[original] = batch.ts_init[row]
            corrected[original] = follows
    kept = np.flatnonzero(~is_reversal)
    order = kept[np.lexsort((batch.ts_event[kept], batch.symbol_id[kept]))]
    counted = np.append(0, np.cumsum(~is_reversal))
    place = counted[1:] - counted[first]
    return Prints(
        batch.rows(order), place[order], ended_at[order], corrected[order], corrects[order]
    )


def _original(
    batch: TradeBatch,
    first: int,
    row: int,
    is_reversal: NDArray[np.bool_],
    ended_at: NDArray[np.int64],
) -> int | None:
    """Return the row that a reversal repeats, of its symbol's from ``first`` on; None without."""
    code = batch.conditions[batch.condition_id[row]].removeprefix(REVERSAL_MARK)
    before = slice(first, row)
    same = first + np.flatnonzero(
        (batch.ts_event[before] == batch.ts_event[row])
        & (batch.price[before] == batch.price[row])
        & (batch.size[before] == batch.size[row])
        & ~is_reversal[before]
        & (ended_at[before] == NEVER)
    )
    for candidate in same.tolist():
        if batch.conditions[batch.condition_id[candidate]] == code:
            return int(candidate)
    return None


def _together(symbol: str, following: Sequence[str]) -> list[str]:
    """Return symbols worth reading at once: those that lie in the same part."""
    letter = letter_of(symbol)
    along = [name for name in following[:_LOADED_AT_ONCE] if letter_of(name) == letter]
    return sorted({symbol, *along})


def _by_symbol(
    batch: TradeBatch | QuoteBatch, names: Sequence[str]
) -> Iterable[tuple[str, NDArray[np.int64]]]:
    """Yield each name with its rows, in order of arrival."""
    order = np.argsort(batch.symbol_id, kind="stable")
    ids = {name: n for n, name in enumerate(batch.symbols)}
    sorted_ids = batch.symbol_id[order]
    for name in names:
        first, end = np.searchsorted(sorted_ids, (ids.get(name, -1), ids.get(name, -1) + 1))
        yield name, order[first:end] if name in ids else order[:0]


def _forget[Key, Value](kept: OrderedDict[Key, Value], rows: list[int]) -> None:
    """Drop what was used longest ago until few enough rows are kept."""
    total = sum(rows)
    for n in rows[:-_LOADED_AT_ONCE]:
        if total <= _KEPT_ROWS:
            return
        kept.popitem(last=False)
        total -= n
