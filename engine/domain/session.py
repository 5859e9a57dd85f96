"""A market's day: when buckets begin and end, in UTC nanoseconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from engine.domain.errors import ConfigError
from engine.domain.nyse_days import FIRST_YEAR, LAST_YEAR, closed_days, half_days

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

NEW_YORK = ZoneInfo("America/New_York")
NANOS_PER_SECOND = 1_000_000_000
_PRE_MARKET_OPENS = 4
_OPENS, _CLOSES, _CLOSES_EARLY = time(9, 30), time(16), time(13)
_SATURDAY = 5


class Calendar(StrEnum):
    """When a market trades."""

    US = "us"
    """The US stock exchanges' days and hours, by New York's clocks."""

    ALWAYS = "always"
    """Every hour of every day; days are UTC's, and nothing has to be flat at their end."""

    @property
    def zone(self) -> tzinfo:
        """Whose clocks and dates it goes by."""
        return NEW_YORK if self is Calendar.US else UTC


class Session(msgspec.Struct, frozen=True):
    """One trading day of a market; times are UTC nanoseconds.

    Attributes
    ----------
    day : date
        Date of the calendar: New York's, or UTC's.
    open_ns, close_ns : int
        Regular session ``[open, close)``: 09:30 to 16:00 New York, 13:00 or 14:00 on half days;
        of a market that never closes, midnight to midnight.
    pre_market_ns : int
        04:00 New York, from which ``warm_premarket`` buckets start; else the open.
    calendar : Calendar
    """

    day: date
    open_ns: int
    close_ns: int
    pre_market_ns: int
    calendar: Calendar = Calendar.US

    def at(self, clock: str) -> int:
        """Return the nanosecond of a time ``HH:MM[:SS]`` by the calendar's clocks on this day."""
        moment = datetime.combine(self.day, time.fromisoformat(clock), tzinfo=self.calendar.zone)
        return int(moment.timestamp()) * NANOS_PER_SECOND


def new_york_clock(ts: int) -> str:
    """Return a UTC nanosecond as New York date and time to the second."""
    moment = datetime.fromtimestamp(ts // NANOS_PER_SECOND, tz=NEW_YORK)
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _calendar(year: int) -> ExchangeCalendar:
    return _decade(year // 10 * 10)


@cache
def _decade(first: int) -> ExchangeCalendar:
    """Return the calendar of ten years; it takes no longer to make than that of one."""
    import exchange_calendars  # noqa: PLC0415  (imports pandas: the core need not pay for it)

    start, end = f"{first - 1}-12-01", f"{first + 10}-01-31"
    return exchange_calendars.get_calendar("XNYS", start=start, end=end)


def is_session(day: date, calendar: Calendar = Calendar.US) -> bool:
    """Say whether a market opens on this date: the New York Stock Exchange by default."""
    if calendar is Calendar.ALWAYS:
        return True
    if FIRST_YEAR <= day.year <= LAST_YEAR:
        return day.weekday() < _SATURDAY and day not in closed_days(day.year)
    return bool(_calendar(day.year).is_session(day.isoformat()))


@lru_cache(maxsize=1024)
def session(day: date, calendar: Calendar = Calendar.US) -> Session:
    """Return the session of a date.

    Raises
    ------
    ConfigError
        The exchange is closed on that date; the message names the next session.

    Notes
    -----
    Holidays and early closes come from ``exchange_calendars`` (XNYS), those of ``nyse_days`` by
    way of its table.
    """
    if calendar is Calendar.ALWAYS:
        opens, closes = (_midnight(each) for each in (day, day + timedelta(days=1)))
        return Session(day, opens, closes, opens, calendar)
    if not is_session(day):
        following = next_session(day)
        raise ConfigError(
            f"{day} is no trading day of the NYSE; the next one is {following}, from "
            f"{time(_PRE_MARKET_OPENS):%H:%M} New York on"
        )
    return Session(day, *_hours(day), _new_york(day, time(_PRE_MARKET_OPENS)))


def _hours(day: date) -> tuple[int, int]:
    """Return when the exchange opens and closes on a day with a session, UTC ns."""
    if FIRST_YEAR <= day.year <= LAST_YEAR:
        closes = _CLOSES_EARLY if day in half_days(day.year) else _CLOSES
        return _new_york(day, _OPENS), _new_york(day, closes)
    exchange, label = _calendar(day.year), day.isoformat()
    return int(exchange.session_open(label).value), int(exchange.session_close(label).value)


def _new_york(day: date, clock: time) -> int:
    """Return the UTC nanosecond of a time by New York's clocks."""
    moment = datetime.combine(day, clock, tzinfo=NEW_YORK)
    return int(moment.timestamp()) * NANOS_PER_SECOND


def next_session(day: date) -> date:
    """Return the first trading day after a date."""
    following = day + timedelta(days=1)
    while not is_session(following):
        following += timedelta(days=1)
    return following


def sessions(start: date, end: date) -> list[date]:
    """Return the trading days from ``start`` to ``end``, both included."""
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    return [day for day in days if is_session(day)]


def day_of(ts: int, calendar: Calendar = Calendar.US) -> date:
    """Return the date of a UTC nanosecond by a calendar's clocks."""
    return datetime.fromtimestamp(ts // NANOS_PER_SECOND, tz=calendar.zone).date()


def start_of_day(ts: int, calendar: Calendar = Calendar.US) -> int:
    """Return the midnight before an instant (UTC ns) by a calendar's clocks."""
    moment = datetime.fromtimestamp(ts // NANOS_PER_SECOND, tz=calendar.zone)
    return int(moment.replace(hour=0, minute=0, second=0).timestamp()) * NANOS_PER_SECOND


def _midnight(day: date) -> int:
    """Return the first UTC nanosecond of a UTC date."""
    return int(datetime.combine(day, time(), tzinfo=UTC).timestamp()) * NANOS_PER_SECOND
