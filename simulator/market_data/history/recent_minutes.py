"""The last minutes of all symbols, all that is asked for after a gap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from string import ascii_uppercase
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.conditions import REVERSAL_MARK
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.recorded import MarketData, letter_of
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import NANOS_PER_SECOND
from simulator.market_data.history.recorded import Prints, settle

_BACK_NS = 300 * NANOS_PER_SECOND
_AHEAD_NS = 60 * NANOS_PER_SECOND
"""A letter is read so far ahead of the present, and not again before time has come there."""
_EARLY_NS = 10 * NANOS_PER_SECOND
"""How much earlier than it happened a row may have arrived: clocks differ."""


_LETTERS = (*ascii_uppercase, letter_of(""))
"""A lock for each, so that two letters are read at once."""


@dataclass(frozen=True, slots=True, eq=False)
class _Prints:
    """One letter's prints that arrived in ``[since, until]``, symbol by symbol.

    Attributes
    ----------
    ids : dict
        Position of each symbol in the table of symbols.
    bounds : int64 array, shape (n_symbols + 1,)
        Where each symbol's prints begin.
    """

    since: int
    until: int
    ids: dict[str, int]
    prints: Prints
    bounds: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Quotes:
    """One letter's quotes by symbol and exchange time: the last by ``since``, all to ``until``."""

    since: int
    until: int
    ids: dict[str, int]
    batch: QuoteBatch


class RecentMinutes:
    """What arrived last on the day that is played, read a whole letter at a time.

    Parameters
    ----------
    market
        The port to recorded days.
    day
        New York date that is played.
    """

    def __init__(self, market: MarketData, day: date) -> None:
        self.day = day
        self._market = market
        self._prints: dict[str, _Prints] = {}
        self._quotes: dict[str, _Quotes] = {}
        self._locks = {letter: Lock() for letter in _LETTERS}

    def prints(self, day: date, symbol: str, start_ns: int, now: int) -> Prints | None:
        """Return a symbol's prints with all since an instant (UTC ns); None if it is long ago."""
        if day != self.day or _is_long_ago(start_ns, now):
            return None
        sheet = self._prints_of(letter_of(symbol), start_ns, now)
        number = sheet.ids.get(symbol)
        if number is None:
            return _NONE
        return sheet.prints.rows(slice(*sheet.bounds[number : number + 2].tolist()))

    def printed(self, symbols: Sequence[str], start_ns: int, now: int) -> list[str]:
        """Return the symbols, in order, that have prints since an instant; all if it is long ago.

        A second has prints of few, and each that is asked alone takes its time.
        """
        if _is_long_ago(start_ns, now):
            return list(symbols)
        found: set[str] = set()
        for letter in {letter_of(symbol) for symbol in symbols}:
            batch = self._prints_of(letter, start_ns, now).prints.batch
            fresh = (batch.ts_event >= start_ns) & (batch.ts_init <= now)
            found |= {batch.symbols[n] for n in np.unique(batch.symbol_id[fresh]).tolist()}
        return [symbol for symbol in symbols if symbol in found]

    def read_ahead(self, now: int) -> None:
        """Read every letter as of a moment (UTC ns), so that nobody who asks then has to wait."""
        for letter in sorted(self._letters):
            self._prints_of(letter, now, now)
            self._quotes_of(letter, now)

    def _prints_of(self, letter: str, start_ns: int, now: int) -> _Prints:
        """Return a letter's sheet that holds all since an instant that is not long ago."""
        with self._locks[letter]:
            sheet = self._prints.get(letter)
            if sheet is None or not sheet.since <= start_ns - _EARLY_NS <= now <= sheet.until:
                sheet = self._read_prints(letter, now - _BACK_NS, now + _AHEAD_NS)
                self._prints[letter] = sheet
            return sheet

    def last_quotes(
        self, symbols: Sequence[str], now: int
    ) -> Iterator[tuple[QuoteBatch, NDArray[np.int64]]]:
        """Yield the rows that hold the last quotes of symbols, those without one left out.

        Parameters
        ----------
        symbols
            In alphabetical order.
        now
            UTC ns; a moment that is long past is looked up anew.
        """
        for letter, names in groupby(symbols, letter_of):
            sheet = self._quotes_of(letter, now)
            arrived = np.flatnonzero(sheet.batch.ts_init <= now)
            last = np.full(len(sheet.ids), -1)
            last[sheet.batch.symbol_id[arrived]] = arrived  # the last of several holds
            asked = [sheet.ids[name] for name in names if name in sheet.ids]
            rows = last[asked]
            yield sheet.batch, rows[rows >= 0]

    def _quotes_of(self, letter: str, now: int) -> _Quotes:
        """Return a letter's sheet that holds the last quotes of a moment."""
        with self._locks[letter]:
            sheet = self._quotes.get(letter)
            if sheet is None or not sheet.since <= now <= sheet.until:
                sheet = self._read_quotes(letter, now, now + _AHEAD_NS)
                self._quotes[letter] = sheet
            return sheet

    @cached_property
    def _letters(self) -> frozenset[str]:
        return frozenset(self._market.letters(self.day))

    def _read_prints(self, letter: str, since: int, until: int) -> _Prints:
        """Read a letter's prints up to an instant, and count those before another."""
        ids: dict[str, int] = {}
        conditions: dict[str, int] = {}
        before = np.zeros(0, np.int64)
        parts: list[TradeBatch] = []
        stored = letter in self._letters
        for group in self._market.trade_batches(self.day, letter) if stored else ():
            if group.ts_init[0] > until:
                break
            batch = _recoded(group, ids)
            codes = [conditions.setdefault(c, len(conditions)) for c in group.conditions]
            first, end = np.searchsorted(batch.ts_init, (since, until + 1))
            taking = np.array([c.startswith(REVERSAL_MARK) for c in group.conditions], np.bool_)
            counted = batch.symbol_id[:first][~taking[batch.condition_id[:first]]]
            before = np.append(before, np.zeros(len(ids) - len(before), np.int64))
            before += np.bincount(counted, minlength=len(ids))
            part = batch.rows(slice(int(first), int(end)))
            condition_id = np.array(codes, np.int32)[part.condition_id]
            parts.append(replace(part, condition_id=condition_id))
        batch = TradeBatch(
            **_columns(parts, TradeBatch), symbols=tuple(ids), conditions=tuple(conditions)
        )
        prints = settle(batch.rows(np.argsort(batch.symbol_id, kind="stable")))
        prints = replace(prints, trade_id=prints.trade_id + before[prints.batch.symbol_id])
        bounds = np.searchsorted(prints.batch.symbol_id, np.arange(len(ids) + 1))
        return _Prints(since, until, ids, prints, bounds)

    def _read_quotes(self, letter: str, since: int, until: int) -> _Quotes:
        """Read a letter's quotes up to an instant; of those before another each symbol's last."""
        ids: dict[str, int] = {}
        parts: list[QuoteBatch] = []
        for group in self._market.quote_batches(self.day, letter):
            if group.ts_init[0] > until:
                break
            batch = _recoded(group, ids)
            first, end = np.searchsorted(batch.ts_init, (since, until), "right")
            last = _last_of_each(batch.rows(slice(0, int(first))), len(ids))
            parts += [batch.rows(last), batch.rows(slice(int(first), int(end)))]
        batch = QuoteBatch(**_columns(parts, QuoteBatch), symbols=tuple(ids))
        batch = batch.rows(np.lexsort((batch.ts_event, batch.symbol_id)))
        return _Quotes(since, until, ids, batch)


def _is_long_ago(start_ns: int, now: int) -> bool:
    return start_ns - _EARLY_NS < now - _BACK_NS


def _recoded[Batch: (TradeBatch, QuoteBatch)](group: Batch, ids: dict[str, int]) -> Batch:
    """Return a row group with the ids of a table that grows."""
    numbers = [ids.setdefault(name, len(ids)) for name in group.symbols]
    return replace(group, symbol_id=np.array(numbers, np.int32)[group.symbol_id])


def _last_of_each(batch: QuoteBatch, n_symbols: int) -> NDArray[np.int64]:
    """Return each symbol's row of the latest exchange time, of several the one that came last."""
    newest = np.full(n_symbols, np.iinfo(np.int64).min)
    np.maximum.at(newest, batch.symbol_id, batch.ts_event)
    rows = np.flatnonzero(batch.ts_event == newest[batch.symbol_id])
    last = np.full(n_symbols, -1)
    last[batch.symbol_id[rows]] = rows
    return last[last >= 0]


def _columns(parts: Iterable[Any], kind: type[TradeBatch | QuoteBatch]) -> dict[str, Any]:
    """Return the columns of batches, one after the other."""
    parts = list(parts)
    return {
        name: np.concatenate([getattr(part, name) for part in parts])
        if parts
        else np.empty(0, np.int32 if name.endswith("_id") else np.int64)
        for name in kind.__slots__
        if name not in ("symbols", "conditions")
    }


_NONE = settle(TradeBatch(**_columns((), TradeBatch), symbols=(), conditions=()))
"""No prints."""
