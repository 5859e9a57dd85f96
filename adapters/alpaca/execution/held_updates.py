"""Order updates wait until the host has taken its time up to them."""

from __future__ import annotations

import asyncio
from collections import deque


class HeldUpdates:
    """Updates in order of arrival, numbered as the simulator counts what it sent to the account.

    Attributes
    ----------
    counted : int
        Number of the last update; a repetition of one has the number of the one before it.
    arrived : int
        Updates that came, repetitions too.
    is_counting : bool
        Whether the simulator's count was heard: it goes on over connections.
    """

    def __init__(self) -> None:
        self.counted = self.arrived = 0
        self.is_counting = False
        self._waiting: deque[tuple[int, bytes | str]] = deque()
        self._seen: set[int] = set()
        self._more = asyncio.Event()

    def put(self, frame: bytes | str) -> None:
        """Hold an update."""
        self.arrived += 1
        known = hash(frame)
        if known not in self._seen:
            self._seen.add(known)
            self.counted += 1
        self._waiting.append((self.counted, frame))
        self._more.set()

    def lose_count(self) -> None:
        """Note that updates may have been sent to nobody."""
        self.is_counting = False
        self._more.set()

    def count_from(self, sent: int) -> None:
        """Hear how many the simulator has sent; what is held is among them.

        One that was killed and began anew sends again what it had not kept, byte by byte the same,
        and counts it: from here on that is no repetition.
        """
        self._seen.clear()
        self._waiting = deque((sent, frame) for _, frame in self._waiting)
        self.counted = sent
        self.is_counting = True
        self._more.set()

    async def until(self, sent: int) -> bool:
        """Wait until that many have come; False when the count is lost first."""
        while self.is_counting and self.counted < sent:
            self._more.clear()
            await self._more.wait()
        return self.is_counting

    def take(self, sent: int) -> list[bytes | str]:
        """Give out what is held up to a number."""
        given: list[bytes | str] = []
        while self._waiting and self._waiting[0][0] <= sent:
            given.append(self._waiting.popleft()[1])
        return given
