"""When the day allows entries and when it wants everything closed.

On a half day a time of day at or after the early close keeps its distance from the close: 15:55 is
five minutes before a regular close, so it is 12:55 when the exchange closes at 13:00. Whatever the
day, nothing is entered once entries are being cancelled.

A market that never closes has none of this: entries are open all day, and nothing is closed because
of the hour.
"""

from __future__ import annotations

from functools import lru_cache

from engine.domain.parameters import Parameters
from engine.domain.session import NANOS_PER_SECOND, Calendar, Session

_REGULAR_CLOSE = "16:00"

NEVER_NS = 1 << 62
"""UTC nanoseconds that do not come: the year 2116."""


def entries_open_ns(params: Parameters, session: Session) -> int:
    """Return the first instant at which a trade may be entered."""
    opening = 0 if session.calendar is Calendar.ALWAYS else params.no_entry_first_seconds
    return session.open_ns + opening * NANOS_PER_SECOND


def entries_close_ns(params: Parameters, session: Session) -> int:
    """Return the instant from which no trade may be entered."""
    return min(_before_close(params.no_entry_after, session), cancel_entries_ns(params, session))


def flatten_ns(params: Parameters, session: Session) -> int:
    """Return the instant from which open trades are closed."""
    return _before_close(params.flatten_by, session)


def cancel_entries_ns(params: Parameters, session: Session) -> int:
    """Return the instant from which no entry may work any more."""
    if session.calendar is Calendar.ALWAYS:
        return NEVER_NS
    return flatten_ns(params, session) - params.flatten_cancel_seconds * NANOS_PER_SECOND


def verify_flat_ns(params: Parameters, session: Session) -> int:
    """Return the instant at which whatever is not flat needs a person."""
    return flatten_ns(params, session) + params.flatten_verify_seconds * NANOS_PER_SECOND


@lru_cache(maxsize=64)
def _before_close(clock: str, session: Session) -> int:
    if session.calendar is Calendar.ALWAYS:
        return NEVER_NS
    moment = session.at(clock)
    if moment < session.close_ns:
        return moment
    return session.close_ns - (session.at(_REGULAR_CLOSE) - moment)
