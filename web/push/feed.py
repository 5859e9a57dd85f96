"""A list that only grows, as facts and lines of a log do: nothing of it is left out for anybody."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from web.push.channel import message

KEPT = 2_000
BATCH = 100
"""Items of a message at most."""

FIRST = 50
"""Items that a new reader is shown."""

type Older = Callable[[int, int], Sequence[tuple[int, Any]]]
"""Given a number and how many, returns the items after it from where they are stored."""


class Feed:
    """Items by number, the last so many in memory.

    Parameters
    ----------
    epoch : str
        While it is the same, numbers mean the same items: for facts the run itself.
    older : callable, optional
        Reads what is not in memory any more; it may block. Without it that is lost.
    """

    def __init__(self, name: str, run_id: str, epoch: str, older: Older | None = None) -> None:
        self.name, self.run_id, self.epoch = name, run_id, epoch
        self.older = older
        self.newest = 0
        self._kept: deque[tuple[int, Any]] = deque(maxlen=KEPT)

    def add(self, items: Sequence[tuple[int, Any]]) -> None:
        """Take new items, in order of their numbers."""
        for number, item in items:
            if number > self.newest:
                self._kept.append((number, item))
                self.newest = number

    @property
    def beginning(self) -> int:
        """The number after which a new reader begins."""
        return self._kept[-FIRST][0] - 1 if len(self._kept) >= FIRST else self.oldest

    @property
    def oldest(self) -> int:
        """The number after which everything is in memory."""
        return self._kept[0][0] - 1 if self._kept else self.newest

    def after(self, seq: int) -> list[tuple[int, Any]]:
        """Return the next items in memory after a number."""
        skipped = max(0, seq - self.oldest) if self._dense else None
        if skipped is None:
            found = [each for each in self._kept if each[0] > seq]
        else:
            found = [self._kept[k] for k in range(skipped, min(skipped + BATCH, len(self._kept)))]
        return found[:BATCH]

    @property
    def _dense(self) -> bool:
        return bool(self._kept) and self.newest - self.oldest == len(self._kept)

    def told(self, items: Sequence[tuple[int, Any]], *, full: bool) -> str:
        """Return a message of items; ``full``: what a reader had before is to be forgotten."""
        return message(
            self.name,
            self.run_id,
            items[-1][0] if items else self.newest,
            self.epoch,
            full=full,
            items=[item for _, item in items],
        )
