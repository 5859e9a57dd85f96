"""Instants as Alpaca spells them."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.domain.session import NANOS_PER_SECOND


def rfc3339(ts: int) -> str:
    """Return a UTC nanosecond as RFC 3339, trailing zeros of the fraction trimmed."""
    seconds, nanos = divmod(ts, NANOS_PER_SECOND)
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    fraction = f".{nanos:09d}".rstrip("0") if nanos else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def activity_stamp(ts: int) -> str:
    """Return a UTC nanosecond as the first half of an activity's id: to the millisecond."""
    seconds, nanos = divmod(ts, NANOS_PER_SECOND)
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return f"{moment:%Y%m%d%H%M%S}{nanos // 1_000_000:03d}"
