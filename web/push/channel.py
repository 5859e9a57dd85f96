"""A channel: numbered messages of which the newest says everything, the last so many kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

KEPT = 120
"""Messages that a browser which was away for a moment can be sent again."""

type Payload = str | bytes
"""A text message, or a binary one."""


class Update(NamedTuple):
    """What is new: the change alone, and how to say everything.

    Attributes
    ----------
    change, whole : callable
        Given number and epoch, return a message; ``whole`` is asked when somebody needs it.
    """

    change: Callable[[int, str], Payload]
    whole: Callable[[int, str], Payload]


class Channel:
    """Messages of one kind about one run; numbers go up by one as long as the epoch lasts.

    Parameters
    ----------
    epoch : str
        Names this process of the gateway: after another one begins nothing is resumed.
    """

    def __init__(self, name: str, run_id: str, epoch: str) -> None:
        self.name, self.run_id, self.epoch = name, run_id, epoch
        self.newest = 0
        self._kept: deque[Payload] = deque(maxlen=KEPT)
        self._whole: Payload | Callable[[int, str], Payload] = _nothing(name, run_id)

    def put(self, update: Update) -> None:
        """Take what is new; it is encoded once, however many wait for it."""
        self.newest += 1
        self._kept.append(update.change(self.newest, self.epoch))
        self._whole = update.whole

    def whole(self) -> Payload:
        """Return everything as of the newest message."""
        if callable(self._whole):
            self._whole = self._whole(self.newest, self.epoch)
        return self._whole

    def has_after(self, seq: int) -> bool:
        """Say whether every message after one of them is kept."""
        return self.newest - len(self._kept) <= seq <= self.newest

    def change(self, seq: int) -> Payload:
        """Return the message of a number that is kept."""
        return self._kept[seq - self.newest - 1]


def message(channel: str, run_id: str, seq: int, epoch: str, *, full: bool, **body: Any) -> str:
    """Return a text message in its envelope; its body is exact already (``web.exact``)."""
    head = {"ch": channel, "run": run_id, "seq": seq, "epoch": epoch, "full": full}
    return msgspec.json.encode(head | body).decode()


def _nothing(name: str, run_id: str) -> Callable[[int, str], Payload]:
    """Return what is said of a run that has shown nothing."""
    return lambda seq, epoch: message(name, run_id, seq, epoch, full=True, ts=None, data=None)
