"""Beside hop 1: instants as the venue writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.domain.session import NANOS_PER_SECOND


def rfc3339(ts: int) -> str:
    """Return a UTC nanosecond as RFC 3339, without trailing zeros of the fraction."""
    seconds, nanos = divmod(ts, NANOS_PER_SECOND)
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    fraction = f".{nanos:09d}".rstrip("0") if nanos else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
