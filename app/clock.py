"""Instants as people type and read them, on the exchange's clock."""

from __future__ import annotations

from datetime import date, datetime

from engine.domain.errors import ConfigError
from engine.domain.outside_text import whole
from engine.domain.session import NANOS_PER_SECOND, NEW_YORK, new_york_clock

_LAST = (1 << 63) - 1
"""The last UTC nanosecond that 64 bits hold, in 2262."""


def new_york(ts: int | None) -> str:
    """Return a UTC nanosecond as New York date and time to the second; a dash for None."""
    return "–" if ts is None else new_york_clock(ts)


_FIRST_YEAR, _LAST_YEAR = 1970, 2261
"""Years whose every instant is a UTC nanosecond of 64 bits."""


def parse_day(text: str) -> date:
    """Return the date written as YYYY-MM-DD.

    Raises
    ------
    ConfigError
        It is not a date, or none whose instants are UTC nanoseconds.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is not a date; write it as YYYY-MM-DD") from error
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ConfigError(
            f"{text} is out of reach: choose a date from {_FIRST_YEAR} to {_LAST_YEAR}"
        )
    return day


def instant(text: str, day: date | None) -> int:
    """Return the UTC nanosecond that was typed.

    Parameters
    ----------
    text : str
        ``HH:MM[:SS]`` on ``day``, or an ISO date and time; New York unless it says otherwise. Or a
        UTC nanosecond, as JSON output has it.

    Raises
    ------
    ConfigError
        It is neither, or a time without a day, or lies before 1970 or after 2262.
    """
    ts = nanosecond(text)
    if ts is None:
        ts = _parsed(text, day)
    if not 0 <= ts <= _LAST:
        raise ConfigError(f"expected a time from 1970 to 2262, found {text!r}")
    return ts


def nanosecond(text: str) -> int | None:
    """Return a UTC nanosecond that is written as one number, None where it is written otherwise.

    Raises
    ------
    ConfigError
        The number is none of 64 bits, or not in ASCII digits alone.
    """
    if not text.isdecimal():
        return None
    try:
        return whole(text)
    except ValueError as error:
        raise ConfigError(f"expected a time in UTC nanoseconds: {error}") from error


def _parsed(text: str, day: date | None) -> int:
    full = text if "-" in text else f"{day}T{text}"
    try:
        moment = datetime.fromisoformat(full)
    except ValueError:
        clock = "" if day is None else "HH:MM:SS, or "
        raise ConfigError(
            f"expected a New York time {clock}YYYY-MM-DDTHH:MM:SS, found {text!r}"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=NEW_YORK)
    return int(moment.timestamp()) * NANOS_PER_SECOND
