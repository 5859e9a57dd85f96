"""Which stored trading days a request means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from app.clock import parse_day
from catalog import Catalog
from engine.domain.counted import counted
from engine.domain.errors import ConfigError, NotFoundError
from engine.domain.session import session, sessions

_NAMED = 5
"""Missing days that are told by their dates."""


def stored_days(
    catalog: Catalog,
    start: str | None,
    end: str | None,
    say: Callable[[str], None],
) -> list[date]:
    """Return the stored trading days from one date to another, both by default what is stored.

    Parameters
    ----------
    say : callable
        Hears of days in between that are not stored.

    Raises
    ------
    ConfigError
        A date is none, or the first lies after the last.
    NotFoundError
        Nothing is stored for these dates.
    """
    stored = _stored(catalog)
    first = parse_day(start) if start else stored[0]
    last = parse_day(end) if end else stored[-1]
    if first > last:
        raise ConfigError(f"--start {first} lies after --end {last}")
    wanted = sessions(first, last)
    missing = [asked for asked in wanted if asked not in stored]
    found = [asked for asked in wanted if asked in stored]
    if not found:
        raise _nothing(wanted, stored)
    if missing:
        named = ", ".join([*map(str, missing[:_NAMED]), *(["…"] if missing[_NAMED:] else [])])
        say(f"no trades are stored for {counted(len(missing), 'day')}: {named}")
    return found


def stored_day(catalog: Catalog, day: str | None) -> date:
    """Return one stored trading day, the last by default.

    Raises
    ------
    ConfigError
        It is no date, or no trading day.
    NotFoundError
        Nothing is stored for it.
    """
    stored = _stored(catalog)
    wanted = stored[-1] if day is None else session(parse_day(day)).day
    if wanted not in stored:
        raise _nothing([wanted], stored)
    return wanted


def _stored(catalog: Catalog) -> list[date]:
    stored = catalog.dates()
    if not stored:
        raise NotFoundError(
            f"catalog {catalog.root} holds no trades of a trading day; make some with "
            "`tradectl catalog import` or `tradectl catalog synth`"
        )
    return stored


def _nothing(wanted: list[date], stored: list[date]) -> NotFoundError:
    return NotFoundError(
        f"no trades are stored for {wanted[0] if wanted else 'these dates'}; the catalog has "
        f"{stored[0]} to {stored[-1]}"
    )
