"""One queue for every request of an account: what lessens risk goes first."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count

from adapters.transport.token_bucket import NANOS_PER_SECOND, Priority, TokenBucket


class Turn:
    """The right to send one request; its answer teaches the budget."""

    def __init__(self, bucket: TokenBucket, clock: Callable[[], int]) -> None:
        self._bucket = bucket
        self._clock = clock
        self._is_told = False

    def answered(self, status: int | None, headers: Mapping[str, str]) -> None:
        """Tell the answer's status and headers, the names in lower case or case-insensitive."""
        if not self._is_told:
            self._is_told = True
            self._bucket.answered(self._clock(), status, headers)


class AccountBudget:
    """Grants turns to all coroutines of one event loop that use the same keys.

    Waiting requests go by priority, then by arrival. A later request of higher priority overtakes
    all that wait; nobody overtakes it.

    Parameters
    ----------
    bucket : TokenBucket
        Its limit is corrected by the venue's headers.
    clock : callable, optional
        Nanoseconds that never go back.
    """

    def __init__(
        self, bucket: TokenBucket | None = None, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self.bucket = bucket or TokenBucket()
        self._clock = clock
        self._arrivals = count()
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Number of requests that wait for their turn."""
        return sum(not turn.done() for _, _, turn in self._waiting)

    @asynccontextmanager
    async def turn(self, priority: Priority) -> AsyncIterator[Turn]:
        """Wait for a token and yield the turn; send exactly one request within."""
        await self._acquire(priority)
        turn = Turn(self.bucket, self._clock)
        try:
            yield turn
        finally:
            turn.answered(None, {})
            self._grant()

    async def _acquire(self, priority: Priority) -> None:
        granted = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._arrivals), granted))
        self._grant()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self.bucket.give_back()
            self._grant()
            raise

    def _grant(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            priority, _, granted = self._waiting[0]
            now = self._clock()
            if not granted.done():
                if not self.bucket.take(priority, now):
                    wait_secs = (self.bucket.ready_at(priority, now) - now) / NANOS_PER_SECOND
                    loop = asyncio.get_running_loop()
                    self._timer = loop.call_later(max(wait_secs, 0.001), self._grant)
                    return
                granted.set_result(None)
            heapq.heappop(self._waiting)
