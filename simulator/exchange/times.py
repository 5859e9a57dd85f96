"""Hop 5: instants as Alpaca spells them."""

from __future__ import annotations

from datetime import UTC, datetime

_SECOND_NS = 1_000_000_000


def rfc3339(ts: int) -> str:
    """Return UTC nanoseconds as RFC 3339, trailing zeros trimmed."""
    seconds, nanos = divmod(ts, _SECOND_NS)
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{nanos:09d}".rstrip("0")
    return f"{moment}.{fraction}Z" if fraction else f"{moment}Z"


def activity_stamp(ts: int) -> str:
    """Return UTC nanoseconds as the first half of an activity's id: to the millisecond."""
    seconds, nanos = divmod(ts, _SECOND_NS)
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d%H%M%S")
    return f"{moment}{nanos // 1_000_000:03d}"
