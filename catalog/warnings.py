"""What may be wrong with imported rows: kept with their day, and said again when it is used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from catalog.schema import Kind

if TYPE_CHECKING:
    from catalog.quality import Observer

_MANY_UNKNOWN = 0.5
_MANY_SET_ASIDE = 0.2
_MANY_ON_THE_MINUTE = 0.95
_FEWEST_ON_THE_MINUTE, _FEWEST_MINUTES = 20, 3
_NAMED_TAPES = 3


class Doubt(StrEnum):
    """What may be wrong with rows that are stored."""

    UNKNOWN_CONDITIONS = "unknown_conditions"
    MINUTES_AS_TICKS = "minutes_as_ticks"
    VENUE_QUOTES = "venue_quotes"
    SET_ASIDE = "set_aside"
    UNKNOWN_TAPES = "unknown_tapes"


_WORDS = {
    Doubt.UNKNOWN_CONDITIONS: (
        "{rows:,} of {of:,} {kind} have sale conditions that stand in no table: they count in "
        "volume alone, and no bar is formed of them. Check how the file writes its conditions"
    ),
    Doubt.MINUTES_AS_TICKS: (
        "{rows:,} of {of:,} {kind} lie on whole minutes: they look like bars, or like times that "
        "were cut, and are no ticks. Bars are imported with --kind bars"
    ),
    Doubt.VENUE_QUOTES: (
        "{rows:,} of {of:,} {kind} are of several venues and were stored one by one: the spread is "
        "that of one venue. Import them with --consolidate --replace; --no-consolidate says that "
        "they are best bids and offers already"
    ),
    Doubt.SET_ASIDE: (
        "{rows:,} of {of:,} rows of {kind} were set aside at import: look into quarantine/ for why"
    ),
    Doubt.UNKNOWN_TAPES: (
        "{rows:,} of {of:,} {kind} are of symbols whose tape is unknown{names} (expected A, B, C, "
        "N, O or their numbers): their prints are held to the rules of the strictest"
    ),
}

TICKS = (Kind.TRADES, Kind.QUOTES)
_OF_SYMBOLS = (Doubt.VENUE_QUOTES, Doubt.UNKNOWN_TAPES)
"""What an import says of single symbols; the stored rows do not show it."""


class DataWarning(msgspec.Struct, frozen=True):
    """So many rows, of so many, of which something may be wrong; ``named`` is what they say.

    ``symbols`` are the rows of each symbol that it is about, where an import said it of symbols: a
    later one of the same symbol takes it back.
    """

    code: Doubt
    rows: int
    of: int
    named: tuple[str, ...] = ()
    symbols: dict[str, int] = {}


class DayWarning(msgspec.Struct, frozen=True):
    """A warning in words; ``date`` is the day it is about, None for a whole import."""

    code: str
    kind: str
    date: date | None
    message: str


def of_rows(seen: Observer) -> list[DataWarning]:
    """Return what is doubtful about a partition of ticks by its rows."""
    found: list[DataWarning] = []
    unknown, rows = seen.observed.unknown_conditions, seen.rows
    if rows and unknown >= _MANY_UNKNOWN * rows:
        found.append(DataWarning(Doubt.UNKNOWN_CONDITIONS, unknown, rows))
    many = max(_MANY_ON_THE_MINUTE * rows, _FEWEST_ON_THE_MINUTE)
    if seen.on_one_second >= many and seen.minutes >= _FEWEST_MINUTES:
        found.append(DataWarning(Doubt.MINUTES_AS_TICKS, seen.on_one_second, rows))
    return found


def of_import(rows_in: int, rows_out: int) -> list[DataWarning]:
    """Return whether too many rows of an import were set aside."""
    aside = rows_in - rows_out
    too_many = aside >= _MANY_SET_ASIDE * rows_in and aside
    return [DataWarning(Doubt.SET_ASIDE, aside, rows_in)] if too_many else []


class Doubts(NamedTuple):
    """What is doubtful about an import, as far as the rows of one partition do not show it.

    Attributes
    ----------
    imported : mapping
        For each partition, by its key, the rows imported of each symbol, by its id.
    texts : sequence of str
        Symbols by id.
    of_import : sequence of DataWarning
        About all of it.
    several_venues : sequence of int
        Ids of symbols whose quotes are of several venues and were stored one by one.
    unknown_tapes : mapping
        What the file calls the tape of a symbol where it is none, by the symbol's id.
    """

    imported: Mapping[int, Mapping[int, int]]
    texts: Sequence[str]
    of_import: Sequence[DataWarning]
    several_venues: Sequence[int]
    unknown_tapes: Mapping[int, str]

    def of_partition(
        self, key: int, rows: int, by_rows: Iterable[DataWarning], before: Iterable[DataWarning]
    ) -> list[DataWarning]:
        """Return what there is to say of a partition of so many rows.

        What an import says of a symbol takes the place of all that was said of it before.

        Parameters
        ----------
        by_rows
            What its rows show.
        before
            What was said of what was stored of it before this import.
        """
        others_stay = rows > sum(self.imported[key].values())
        stays = {each.code: each for each in before if others_stay}
        found = [*by_rows, *self.of_import]
        if not self.of_import and Doubt.SET_ASIDE in stays:
            found.append(stays[Doubt.SET_ASIDE])
        doubted = {Doubt.VENUE_QUOTES: dict.fromkeys(self.several_venues, "")}
        doubted[Doubt.UNKNOWN_TAPES] = {**self.unknown_tapes}
        for code in _OF_SYMBOLS:
            found += self._of_symbols(code, key, rows, doubted[code], stays.get(code))
        return found

    def _of_symbols(
        self, code: Doubt, key: int, of: int, doubted: Mapping[int, str], old: DataWarning | None
    ) -> list[DataWarning]:
        """Return a warning about imported symbols, and about others that it was said of before.

        One that was kept without its symbols stays whole.
        """
        imported = self.imported[key]
        told = {n: said for n, said in doubted.items() if n in imported}
        symbols = {self.texts[n]: imported[n] for n in told}
        names = {said for said in told.values() if said}
        rows = sum(symbols.values())
        if old is not None:
            again = {self.texts[n] for n in imported}
            others = {symbol: n for symbol, n in old.symbols.items() if symbol not in again}
            rows += sum(others.values()) if old.symbols else old.rows
            names.update(old.named if others or not old.symbols else ())
            symbols |= others
        named = tuple(sorted(names))[:_NAMED_TAPES]
        return [DataWarning(code, rows, of, named, symbols)] if rows else []


def shown_by_rows(warnings: Iterable[DataWarning]) -> list[DataWarning]:
    """Return those that rows show by themselves, whatever an import said."""
    return [each for each in warnings if each.code not in (Doubt.SET_ASIDE, *_OF_SYMBOLS)]


def summed(warnings: Iterable[DataWarning]) -> list[DataWarning]:
    """Return one warning of each sort over several partitions."""
    total: dict[Doubt, DataWarning] = {}
    for each in warnings:
        other = total.get(each.code)
        if other is None:
            total[each.code] = each
        elif each.code is Doubt.SET_ASIDE:  # each partition has that of the whole import
            total[each.code] = max(other, each, key=lambda some: some.rows)
        else:
            named = tuple(sorted({*other.named, *each.named}))[:_NAMED_TAPES]
            rows, of = other.rows + each.rows, other.of + each.of
            total[each.code] = DataWarning(each.code, rows, of, named)
    return [total[code] for code in Doubt if code in total]


def in_words(
    warnings: Iterable[DataWarning], kind: Kind, day: date | None = None
) -> list[DayWarning]:
    """Return warnings as they are shown."""
    when = f"{day}: " if day else ""
    return [DayWarning(each.code, kind, day, when + _told(each, kind)) for each in warnings]


def _told(each: DataWarning, kind: Kind) -> str:
    names = f": {', '.join(map(repr, each.named))}" if each.named else ""
    return _WORDS[each.code].format(rows=each.rows, of=each.of, kind=kind, names=names)
