"""How many requests an account may send, as arithmetic on given times."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import IntEnum
from math import ceil

from engine.domain.outside_text import whole

NANOS_PER_SECOND = 1_000_000_000
WINDOW_SECS = 60
"""Length of the venue's window."""

TOO_MANY_REQUESTS = 429
_BURST_SHARE = 4
_LEAST_WAIT_NS = NANOS_PER_SECOND


class Priority(IntEnum):
    """What a request is for; the lowest number goes first."""

    CANCEL = 0
    """Cancel, flatten, exit: whatever lessens risk."""
    SUBMIT = 1
    """New entries, and look-ups of orders whose outcome is unknown."""
    RECONCILE = 2
    """Orders, positions and fills compared with ours."""
    QUERY = 3
    """Everything else."""


_RESERVED = {
    Priority.CANCEL: 0.0,
    Priority.SUBMIT: 0.1,
    Priority.RECONCILE: 0.2,
    Priority.QUERY: 0.4,
}
"""Share of the burst that a priority leaves to those before it."""


class TokenBucket:
    """Tokens of one account; times are arguments, nanoseconds of a clock that never goes back.

    A quarter of the limit may go at once, the rest comes evenly: in no 60 seconds more than the
    limit, wherever the venue's window begins. The venue's headers can only lower this: another
    process may use the same keys.

    Parameters
    ----------
    limit : int
        Requests in 60 seconds; the venue's header corrects it.
    """

    def __init__(self, limit: int = 200) -> None:
        self._blocked_until = 0
        self._now = 0
        self._in_flight = 0
        self._set_limit(limit)
        self._tokens = float(self.burst)

    @property
    def limit(self) -> int:
        """Requests in 60 seconds."""
        return self._limit

    @property
    def left(self) -> int:
        """Requests that may go at once, as of the last one."""
        return max(0, int(self._tokens))

    @property
    def burst(self) -> int:
        """Most requests at one instant."""
        return max(1, self._limit // _BURST_SHARE)

    def take(self, priority: Priority, now: int) -> bool:
        """Take a token if there is one for this priority; ``answered`` must follow."""
        if self.ready_at(priority, now) > now:
            return False
        self._tokens -= 1
        self._in_flight += 1
        return True

    def ready_at(self, priority: Priority, now: int) -> int:
        """Return when a token will be there for this priority if nobody else takes one."""
        self._refill(now)
        missing = 1 + self._floor(priority) - self._tokens
        filled_at = now if missing <= 0 else now + int(missing / self._rate) + 1
        return max(filled_at, self._blocked_until)

    def answered(self, now: int, status: int | None, headers: Mapping[str, str]) -> None:
        """Learn from an answer; ``status`` is None when none came.

        ``X-Ratelimit-Reset`` is epoch seconds on the venue's clock, so it is read against the
        answer's own ``Date``. It is never believed beyond one window.
        """
        self._refill(now)
        self._in_flight = max(0, self._in_flight - 1)
        limit = _whole(headers.get("x-ratelimit-limit"))
        if limit and limit != self._limit:
            before = self.burst
            self._set_limit(limit)
            # as full as it was: hosts behind one address may count apart
            self._tokens *= self.burst / before
        remaining = _whole(headers.get("x-ratelimit-remaining"))
        if remaining is not None:
            self._tokens = min(self._tokens, float(remaining - self._in_flight))
        if status == TOO_MANY_REQUESTS or remaining == 0:
            least_ns = _LEAST_WAIT_NS if status == TOO_MANY_REQUESTS else 0
            wait_ns = min(max(_reset_ns(headers), least_ns), WINDOW_SECS * NANOS_PER_SECOND)
            self._blocked_until = max(self._blocked_until, now + wait_ns)

    def give_back(self) -> None:
        """Return a token whose request was not sent."""
        self._in_flight = max(0, self._in_flight - 1)
        self._tokens = min(float(self.burst), self._tokens + 1)

    def _set_limit(self, limit: int) -> None:
        self._limit = limit
        self._rate = max(1, limit - self.burst) / (WINDOW_SECS * NANOS_PER_SECOND)

    def _floor(self, priority: Priority) -> float:
        return float(ceil(_RESERVED[priority] * (self.burst - 1)))

    def _refill(self, now: int) -> None:
        if now > self._now:
            self._tokens = min(float(self.burst), self._tokens + (now - self._now) * self._rate)
            self._now = now


def _reset_ns(headers: Mapping[str, str]) -> int:
    """Return how long the venue asks to wait, one window when it does not say."""
    if (seconds := _whole(headers.get("retry-after"))) is not None:
        return seconds * NANOS_PER_SECOND
    reset = _whole(headers.get("x-ratelimit-reset"))
    try:
        venue_now = int(parsedate_to_datetime(headers["date"]).timestamp())
    except (KeyError, ValueError, TypeError):
        return WINDOW_SECS * NANOS_PER_SECOND
    return (
        WINDOW_SECS * NANOS_PER_SECOND if reset is None else (reset - venue_now) * NANOS_PER_SECOND
    )


def _whole(text: str | None) -> int | None:
    try:
        found = whole(text or "")
    except ValueError:
        return None
    return found if found >= 0 else None
