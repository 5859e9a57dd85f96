"""How many requests an account may make in a minute, and what its headers say."""

from __future__ import annotations

import msgspec

_MINUTE_SECS = 60
PER_MINUTE = 200


class Allowance(msgspec.Struct, frozen=True):
    """What a request is told about the minute it falls into.

    Attributes
    ----------
    reset : int
        When the next minute begins, epoch seconds.
    exceeded : bool
        The request is one too many and must get 429.
    """

    limit: int
    remaining: int
    reset: int
    exceeded: bool

    def headers(self) -> dict[str, str]:
        """Return the headers of every response."""
        return {
            "X-Ratelimit-Limit": str(self.limit),
            "X-Ratelimit-Remaining": str(self.remaining),
            "X-Ratelimit-Reset": str(self.reset),
        }


class RateLimit:
    """Counts the requests of each account by the minute; time is an argument.

    Parameters
    ----------
    limit : int
        Requests a minute: 200, or 1,000 on paid plans.
    """

    def __init__(self, limit: int = PER_MINUTE) -> None:
        self.limit = limit
        self._spent: dict[str, tuple[int, int]] = {}

    def spend(self, account_id: str, now_secs: float) -> Allowance:
        """Count one request and say what is left."""
        minute = int(now_secs) // _MINUTE_SECS
        last, spent = self._spent.get(account_id, (minute, 0))
        spent = 1 if last != minute else spent + 1
        self._spent[account_id] = minute, spent
        reset = (minute + 1) * _MINUTE_SECS
        return Allowance(self.limit, max(self.limit - spent, 0), reset, spent > self.limit)
