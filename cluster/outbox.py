"""What is to be said to others, taken at once and sent when the server between them answers."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from cluster.names import HUB
from cluster.streams.port import START, At, Streams
from engine.domain.errors import StreamsDenied, StreamsUnavailable

KEEP_SECS = 120.0
"""How long what was sent is kept, in market time: for a server that loses what it held."""
MOST_BYTES = 256 << 20
_LOOK_SECS = 1.0
"""How often the server is asked for anything while nothing is to be sent: it may have lost all."""
_FIRST_WAIT_SECS, _LONGEST_WAIT_SECS = 0.05, 2.0
_MILLIS = 1000

_log = logging.getLogger(__name__)


class _Kept(NamedTuple):
    """An entry; ``order`` counts all that were put."""

    order: int
    at: At
    data: bytes


@dataclass(slots=True)
class _Line:
    """What is kept of one stream, oldest first: ``first`` is its number, ``unsent`` goes next."""

    entries: deque[_Kept] = field(default_factory=deque[_Kept])
    first: int = 0
    unsent: int = 0
    last: At = START

    @property
    def waiting(self) -> int:
        return self.first + len(self.entries) - self.unsent

    @property
    def has_sent(self) -> bool:
        return self.first < self.unsent

    def drop(self) -> _Kept:
        """Return the oldest, which is kept no longer."""
        self.first += 1
        self.unsent = max(self.unsent, self.first)
        return self.entries.popleft()


class Outbox:
    """Sends entries in the order of each stream, however long the server is away.

    Use it as an asynchronous context manager, in one event loop. Whatever was put comes to stand in
    its stream once: after an outage or a loss all that is kept is sent again, oldest first, and a
    stream refuses what it has.

    Parameters
    ----------
    streams : Streams
        May be shared with others.
    keep_secs : float or None
        How much is kept of a stream once it was sent, by the milliseconds of its entries' ``major``
        behind that of its newest; None keeps all, as of orders, of which a shard needs each.
    most_bytes : int
        Of all that is kept. Above it the oldest goes: what was sent first, then what was not.

    Attributes
    ----------
    dropped : int
        How many entries went without having been sent.
    issue : str
        Why the server takes nothing; empty where it does.
    """

    def __init__(
        self,
        streams: Streams,
        *,
        keep_secs: float | None = KEEP_SECS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.dropped = 0
        self.issue = ""
        self._streams = streams
        self._losses = streams.losses
        self._keep_ms = None if keep_secs is None else round(keep_secs * _MILLIS)
        self._most_bytes = most_bytes
        self._lines: dict[str, _Line] = {}
        self._order = 0
        self._bytes = 0
        self._short_of = ""
        self._is_unsure = False
        self._put = asyncio.Event()
        self._all_sent = asyncio.Event()
        self._all_sent.set()
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many entries are still to be sent, or sent again."""
        return sum(line.waiting for line in self._lines.values())

    @property
    def is_behind(self) -> bool:
        """Whether entries wait that the server would not take."""
        return bool(self.issue) and self.waiting > 0

    def put(self, stream: str, at: At, data: bytes) -> bool:
        """Take an entry; False where one at or behind ``at`` was put before, and nothing was done.

        Raises
        ------
        ValueError
            ``at`` is not behind ``START``.
        """
        if at <= START:
            raise ValueError(f"entry of {stream} at {at}, expected one behind {START}")
        if self._task is not None and self._task.done():
            self._task.result()  # an error of ours is not to be waited out
        line = self._lines.setdefault(stream, _Line())
        if at <= line.last:
            return False
        line.entries.append(_Kept(self._order, at, data))
        line.last = at
        self._order += 1
        self._bytes += len(data)
        self._forget_old(line)
        while self._bytes > self._most_bytes:
            self._drop_oldest()
        self._all_sent.clear()
        self._put.set()
        return True

    async def drained(self) -> None:
        """Wait until everything stands in its stream; how long to wait is for the caller to say."""
        await self._all_sent.wait()
        if self._task is not None and self._task.done():
            self._task.result()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop sending; what waits is not sent, see ``drained``."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        failures = 0
        try:
            while True:
                try:
                    await self._send()
                except StreamsUnavailable as error:
                    self._fail(error)
                    await asyncio.sleep(min(_LONGEST_WAIT_SECS, _FIRST_WAIT_SECS * 2.0**failures))
                    failures = min(failures + 1, 10)
                else:
                    failures = 0
                    self._go_on()
                    await self._rest()
        finally:
            self._all_sent.set()

    async def _send(self) -> None:
        """Send what waits, of all streams side by side."""
        if self._is_unsure or self._streams.losses != self._losses:
            self._is_unsure, self._losses = False, self._streams.losses
            for line in self._lines.values():
                line.unsent = line.first
        lines = [(name, line) for name, line in self._lines.items() if line.waiting]
        if lines:
            self._all_sent.clear()
            sent = (self._send_line(name, line) for name, line in lines)
            ends = await asyncio.gather(*sent, return_exceptions=True)
            for error in filter(None, ends):
                raise error
        else:
            await self._streams.get(HUB)  # for ``losses``: every call looks

    async def _send_line(self, name: str, line: _Line) -> None:
        # nothing new may come to stand before what is to be sent again
        while line.waiting and not self._is_unsure and self._streams.losses == self._losses:
            number = line.unsent
            entry = line.entries[number - line.first]
            try:
                await self._streams.append(name, entry.at, entry.data)
            except StreamsUnavailable as error:
                self._doubt(error)
                raise
            line.unsent = max(line.unsent, number + 1)

    async def _rest(self) -> None:
        """Wait for something to send, or until it is time to look after the server."""
        if self._streams.losses != self._losses or self.waiting:
            return
        self._all_sent.set()
        self._put.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECS):
                await self._put.wait()

    def _fail(self, error: StreamsUnavailable) -> None:
        if not self.issue:
            _log.warning("%s; %d entries wait", error, self.waiting)
        self.issue = str(error)
        self._doubt(error)

    def _doubt(self, error: StreamsUnavailable) -> None:
        """Have all that is kept sent again: the last second may be gone with the server's machine.

        A server that denies one stream is there, and the others go on.
        """
        if not isinstance(error, StreamsDenied):
            self._is_unsure = True

    def _go_on(self) -> None:
        if self.issue:
            _log.warning("the server between hub and shards takes entries again")
        self.issue = self._short_of = ""

    def _forget_old(self, line: _Line) -> None:
        if self._keep_ms is None:
            return
        while line.has_sent and line.entries[0].at.major < line.last.major - self._keep_ms:
            self._bytes -= len(line.drop().data)

    def _drop_oldest(self) -> None:
        lines = [line for line in self._lines.values() if line.entries]
        sent = [line for line in lines if line.has_sent]
        line = min(sent or lines, key=lambda line: line.entries[0].order)
        self._bytes -= len(line.drop().data)
        self.dropped += not sent
        short_of = "kept any longer to be sent again" if sent else "sent at all"
        if short_of != self._short_of:
            self._short_of = short_of
            _log.warning(
                "more than %g MB wait for the server between hub and shards, or are kept for it: "
                "the oldest are not %s",
                self._most_bytes / (1 << 20),
                short_of,
            )
