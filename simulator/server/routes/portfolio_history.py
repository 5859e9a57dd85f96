"""What an account was worth over a stretch of time, as a request asks for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from engine.domain.session import NANOS_PER_SECOND, day_of, is_session
from simulator.exchange import Fault
from simulator.exchange.book.faults import not_understood
from simulator.exchange.book.hours import Hours, hours_on
from simulator.market_data.requests.clock_times import end_moment, time_of
from simulator.market_data.requests.refusal import Refused

_DAY_NS = 86_400 * NANOS_PER_SECOND
_DAYS = {"D": 1, "W": 7, "M": 30, "A": 365}
_WIDTHS = {"1Min": 60, "5Min": 300, "15Min": 900, "1H": 3_600, "1D": 86_400}
_REPORTING = "market_hours", "extended_hours", "continuous"
_MOST_INTRADAY_DAYS = 30
_PERIOD = re.compile(r"([1-9]\d{0,3})([DWMA])", re.ASCII)


class Stretch(msgspec.Struct, frozen=True):
    """What a history is to cover, from ``start`` up to and with ``end``, UTC ns."""

    start: int
    end: int
    timeframe: str
    reporting: str

    @property
    def width_secs(self) -> int:
        """Seconds of a window."""
        return _WIDTHS[self.timeframe]

    def holds(self, second: int) -> bool:
        """Say whether the minute that begins at a UTC second is to be told."""
        ts = second * NANOS_PER_SECOND
        if not self.start <= ts <= self.end:
            return False
        if self.timeframe == "1D" or self.reporting == "continuous":
            return True
        if not is_session(day_of(ts)):
            return False
        opens, closes = _bounds(hours_on(day_of(ts)), self.reporting)
        return opens <= ts < closes


def stretch(query: Mapping[str, str], now: int) -> Stretch | Fault:
    """Return what a request for a history asks for; a fault when it breaks a rule of the venue."""
    reporting = query.get("intraday_reporting", _REPORTING[0])
    if query.get("extended_hours") == "true" and "intraday_reporting" not in query:
        reporting = "extended_hours"
    if reporting not in _REPORTING:
        return not_understood(f"invalid intraday_reporting: {reporting}")
    if all(query.get(name) for name in ("start", "end", "period")):
        return not_understood("only two of start, end and period can be specified")
    try:
        start = time_of(query, "start" if query.get("start") else "date_start")
        end = _end_of(query)
    except Refused as error:
        return not_understood(str(error))
    period = query.get("period") or "1M"
    asked = _PERIOD.fullmatch(period)
    if asked is None:
        return not_understood(f"invalid period: {period}")
    length = int(asked[1]) * _DAYS[asked[2]] * _DAY_NS
    if end is None:
        end = start + length if start is not None and query.get("period") else now
    if start is None:
        start = end - length
    days = (end - start) / _DAY_NS
    timeframe = query.get("timeframe") or _usual(days)
    if timeframe not in _WIDTHS:
        return not_understood(f"invalid timeframe: {timeframe}")
    if timeframe != "1D" and days > _MOST_INTRADAY_DAYS:
        return not_understood(f"timeframe {timeframe} is for 30 days or less: ask for 1D")
    if timeframe == "1D":
        start -= start % _DAY_NS
    return Stretch(start, end, timeframe, reporting)


def _end_of(query: Mapping[str, str]) -> int | None:
    """Return the end that is asked for, by its name or by the one that the SDKs still send."""
    for name in ("end", "date_end"):
        if query.get(name):
            return end_moment(query[name], name)
    return None


def windows(minutes: Mapping[int, Decimal], asked: Stretch) -> dict[int, Decimal]:
    """Return the worth at the end of each window, by the UTC second at which it begins.

    Parameters
    ----------
    minutes : mapping of int to Decimal
        Worth at the end of each minute, by the UTC second at which that begins, ascending.
    """
    width = asked.width_secs
    return {
        second // width * width: worth for second, worth in minutes.items() if asked.holds(second)
    }


def _usual(days: float) -> str:
    """Return the width of windows when none was asked for."""
    if days < _DAYS["W"]:
        return "1Min"
    return "15Min" if days < _DAYS["M"] else "1D"


def _bounds(hours: Hours, reporting: str) -> tuple[int, int]:
    if reporting == "market_hours":
        return hours.open_ns, hours.close_ns
    return hours.morning_ns, hours.end_ns
