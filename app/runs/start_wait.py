"""What a start waits for, no longer than was asked: a venue or database that is down."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from app.redaction import secrets_hidden
from engine.domain.errors import TradectlError

DEFAULT_WAIT_SECS = 60.0
_FIRST_SECS, _LONGEST_SECS = 0.25, 5.0

_log = logging.getLogger(__name__)


class StartWait:
    """Tries again what fails for a passing cause; one limit for all that a start waits for.

    Parameters
    ----------
    wait_secs : float
        From now on; after it the last failure is raised.
    say : callable
        Shows a line to whoever waits.
    """

    def __init__(self, wait_secs: float, say: Callable[[str], None]) -> None:
        self._say = say
        self._wait_secs = wait_secs
        self._ends = time.monotonic() + wait_secs
        self._next_secs = _FIRST_SECS
        self._reported = ""

    @property
    def left_secs(self) -> float:
        """How much of the limit is left."""
        return max(0.0, self._ends - time.monotonic())

    def reached[T](self, attempt: Callable[[], T]) -> T:
        """Return what an attempt returns, tried again while its failure is passing.

        Raises
        ------
        TradectlError
            The failure is not passing, or has not passed within the limit.
        """
        while True:
            try:
                answer = attempt()
            except TradectlError as error:
                time.sleep(self._pause_secs(error))
            else:
                self._be_there()
                return answer

    async def reached_soon[T](self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Do as ``reached`` does, in an event loop."""
        while True:
            try:
                answer = await attempt()
            except TradectlError as error:
                await asyncio.sleep(self._pause_secs(error))
            else:
                self._be_there()
                return answer

    async def read_soon[T](self, attempt: Callable[[], T]) -> T:
        """Do as ``reached_soon`` does, with an attempt that does not wait by itself."""

        async def asked() -> T:
            return attempt()

        return await self.reached_soon(asked)

    def _pause_secs(self, error: TradectlError) -> float:
        """Return how long to wait now; report a new reason, or raise it if it is the last."""
        left = self.left_secs
        if not error.is_passing or left == 0:
            if error.is_passing and self._wait_secs:
                error.add_note(f"waited {self._wait_secs:g} s for it; --wait-secs sets how long")
            raise error
        reason = secrets_hidden(str(error))
        if reason != self._reported:
            _log.warning("waiting up to %g s in all: %s", self._wait_secs, reason)
            self._say(f"waiting up to {self._wait_secs:g} s in all: {reason}")
        self._reported = reason
        pause, self._next_secs = self._next_secs, min(2 * self._next_secs, _LONGEST_SECS)
        return min(pause, left)

    def _be_there(self) -> None:
        if self._reported:
            _log.warning("it answers again")
            self._say("it answers again")
        self._reported, self._next_secs = "", _FIRST_SECS
