"""When the look-alike trades: night, morning, core session and evening, in UTC ns."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from functools import cache

import msgspec

from engine.domain.session import day_of, is_session, next_session, session

_HOUR_NS = 3_600 * 1_000_000_000
_EVENING_NS = 4 * _HOUR_NS
_NIGHT_NS = 8 * _HOUR_NS


class Phase(StrEnum):
    """What kind of trading goes on."""

    CLOSED = "closed"
    NIGHT = "overnight"
    MORNING = "pre"
    CORE = "core"
    EVENING = "post"


class Hours(msgspec.Struct, frozen=True):
    """One day's phases ``[night, morning, open, close, end)``, UTC ns.

    The evening lasts four hours from the close, so that it is over at 17:00 on half days, as at
    Nasdaq and NYSE Arca; the night before eight.
    """

    night_ns: int
    morning_ns: int
    open_ns: int
    close_ns: int
    end_ns: int

    def phase(self, ts: int) -> Phase:
        """Return the phase of an instant before or within this day."""
        for start, phase in (
            (self.end_ns, Phase.CLOSED),
            (self.close_ns, Phase.EVENING),
            (self.open_ns, Phase.CORE),
            (self.morning_ns, Phase.MORNING),
            (self.night_ns, Phase.NIGHT),
        ):
            if ts >= start:
                return phase
        return Phase.CLOSED


@cache
def hours_on(day: date) -> Hours:
    """Return the phases of a trading day."""
    regular = session(day)
    morning = regular.pre_market_ns
    return Hours(
        morning - _NIGHT_NS,
        morning,
        regular.open_ns,
        regular.close_ns,
        regular.close_ns + _EVENING_NS,
    )


def hours_at(ts: int) -> Hours:
    """Return the phases of the trading day that is on or comes next."""
    day = day_of(ts)
    if not is_session(day) or ts >= hours_on(day).end_ns:
        day = next_session(day)
    return hours_on(day)


def next_change(ts: int) -> int:
    """Return the first instant after ``ts`` at which a phase begins."""
    hours = hours_at(ts)
    starts = (hours.night_ns, hours.morning_ns, hours.open_ns, hours.close_ns, hours.end_ns)
    return next(start for start in starts if start > ts)


def gtc_expiry(created_ns: int) -> int:
    """Return when a GTC order is given up: 16:15 New York, 90 days on."""
    day = day_of(created_ns) + timedelta(days=90)
    if not is_session(day):
        day = next_session(day)
    return session(day).at("16:15")
