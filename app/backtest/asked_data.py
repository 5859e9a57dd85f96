"""Whether stored days hold the symbols that a request names, and what is doubtful about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from catalog import Catalog
from catalog.warnings import TICKS, DataWarning, DayWarning, in_words, summed
from engine.domain.errors import NotFoundError
from engine.domain.market_data.recorded import letter_of
from engine.domain.symbols import differ_in_case, near_hint, near_symbols

_NAMED = 5
"""Symbols that are told by name where many are missing."""


def asked_data(
    catalog: Catalog,
    days: Sequence[date],
    letters: Sequence[str] = (),
    symbols: Sequence[str] = (),
) -> tuple[DayWarning, ...]:
    """Return what to say of the data that a request reads, before it is read.

    Symbols of which no trade is stored, and what was found doubtful at import.

    Raises
    ------
    NotFoundError
        No trade of any of the symbols is stored, or one of them is written in other capitals.
    """
    unknown = expect_stored(catalog, days, symbols)
    wanted = set(letters) or {letter_of(symbol) for symbol in symbols}
    return (*unknown, *data_warnings(catalog, days, wanted))


def expect_stored(
    catalog: Catalog, days: Sequence[date], symbols: Sequence[str]
) -> tuple[DayWarning, ...]:
    """Return a warning of symbols that have no trades on any of some days, if there are any.

    Raises
    ------
    NotFoundError
        None of them has, or one has in other capitals; the message names stored ones near them.
    """
    missing = set(symbols)
    for day in days:
        if missing:
            missing -= catalog.symbols(day, {letter_of(symbol) for symbol in missing})
    if not missing:
        return ()
    known = _near_by(catalog, days, missing)
    shown = sorted(missing)
    names = ", ".join(
        [*shown[:_NAMED], *([f"{len(shown) - _NAMED} more"] if shown[_NAMED:] else [])]
    )
    when = str(days[0]) if len(days) == 1 else f"{days[0]} to {days[-1]}"
    message = f"no trades of {names} are stored for {when}{near_hint(shown, known)}"
    miswritten = any(
        differ_in_case(each, near) for each in missing for near in near_symbols(each, known)[:1]
    )
    if miswritten or missing == set(symbols):
        raise NotFoundError(f"{message}{'' if '?' in message else '; see `tradectl catalog info`'}")
    return (DayWarning("symbols_not_stored", TICKS[0], None, message),)


def data_warnings(
    catalog: Catalog, days: Sequence[date], letters: Iterable[str] = ()
) -> tuple[DayWarning, ...]:
    """Return what was found doubtful when days were imported; of all letters without any."""
    wanted = set(letters)
    found: list[DayWarning] = []
    for kind in TICKS:
        doubts: dict[date, list[DataWarning]] = {day: [] for day in days}
        for day, letter in catalog.partitions.stored(kind):
            if day in doubts and (not wanted or letter in wanted):
                manifest = catalog.partitions.manifest(kind, day, letter)
                doubts[day] += manifest.warnings if manifest else ()
        for day, warnings in doubts.items():
            found += in_words(summed(warnings), kind, day)
    return tuple(found)


def _near_by(catalog: Catalog, days: Sequence[date], missing: Iterable[str]) -> set[str]:
    """Return stored symbols among which those meant may be, of as few letters as will do."""
    missing = tuple(missing)
    letters = {letter_of(each) for symbol in missing for each in (symbol.upper(), symbol.lower())}
    known = {symbol for day in days for symbol in catalog.symbols(day, letters)}
    if not all(near_symbols(each, known) for each in missing):
        known |= {
            symbol for day in days[-1:] for symbol in catalog.symbols(day, catalog.letters(day))
        }
    return known
