"""The relay: rows in as they come, numbered blocks out, each on disk before anybody is sent it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from cluster.relay.ports import BlockLog, FoundRows, RowFinder
from cluster.relay.receiver import Receiver, Waiting
from engine.domain.market_data.blocks import Block, Gap
from serving.market_stream import INTERNAL_ERROR, SLOW_CLIENT, StreamError

FLUSH_SECS = 0.003
"""For so long rows are collected: most of a send's cost is the sending."""

_BREATH = 32
"""Earlier blocks that are sent before others have their turn."""

_log = logging.getLogger(__name__)


class Relay:
    """Hands on what is heard; for one event loop.

    Parameters
    ----------
    finder : RowFinder
    log : BlockLog
    flush_secs : float
        How long rows may wait for others.
    waiting : Waiting
        How much may wait for a receiver.

    Attributes
    ----------
    receivers : set of Receiver
    number : int
        Of the newest block of this epoch.
    rows : int
        Handed on so far.
    marked_ns : int
        All that arrived before has been sent, UTC ns.
    is_kept : bool
        Whether the newest block is on disk.
    """

    def __init__(
        self,
        finder: RowFinder[Any],
        log: BlockLog,
        *,
        flush_secs: float = FLUSH_SECS,
        waiting: Waiting = Waiting(),  # noqa: B008  (it never changes)
    ) -> None:
        self.finder = finder
        self.log = log
        self.waiting = waiting
        self.receivers: set[Receiver] = set()
        self.number = self.rows = self.marked_ns = 0
        self.is_kept = True
        self.on_subscribed: Callable[[], None] = lambda: None
        self.on_cut: Callable[[Receiver, StreamError], None] = lambda *_: None
        self._flush_secs = flush_secs
        self._pending: list[FoundRows] = []
        self._stamp = 0
        self._due: asyncio.TimerHandle | None = None

    @property
    def position(self) -> tuple[int, int]:
        """Epoch and number of the newest block."""
        return self.log.epoch, self.number

    def hear(self, rows: FoundRows, stamp: int, *, is_fetched: bool = False) -> None:
        """Take rows that arrived together (UTC ns); they are sent within ``flush_secs``.

        What was fetched after a gap is for receivers that count: others fetch it themselves, as
        they do when the venue has cut them off.
        """
        if is_fetched:
            self.flush()
            self._stamp = max(self._stamp, stamp, self.marked_ns)
            self._send(rows, only_counted=True)
            return
        self._pending.append(rows)
        self._stamp = max(self._stamp, stamp, self.marked_ns)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(self._flush_secs, self.flush)

    def flush(self) -> None:
        """Send what was heard."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if not self._pending:
            return
        first, *others = self._pending
        self._pending = []
        rows = first.joined(others) if others else first
        self._send(rows)

    def lose(self) -> None:
        """See that the venue's connection is lost: who cannot count learns it as from the venue."""
        self.flush()
        for each in list(self.receivers):
            if not each.is_counted:
                self._cut(each, INTERNAL_ERROR)

    def mark(self, t: int, updates: int | None = None) -> None:
        """Say that all that arrived before ``t`` (UTC ns) has been sent.

        Parameters
        ----------
        updates : int, optional
            Order updates that a simulator has sent up to then; see ADR 0008.
        """
        self.flush()
        self.marked_ns = max(self.marked_ns, t)
        for each in self.receivers:
            if each.is_counted and each.is_live:
                each.mark(self.marked_ns, updates)

    def gap(self, gap: Gap) -> None:
        """Say what is missing, or that it has been fetched."""
        self.flush()
        self._keep(gap)
        for each in self.receivers:
            if each.is_counted and each.is_live:
                each.gap(gap)

    def enter(self, receiver: Receiver) -> None:
        """Have a receiver get what comes from now on."""
        self.flush()
        receiver.number = self.number
        self.receivers.add(receiver)

    def leave(self, receiver: Receiver) -> None:
        """Forget a receiver."""
        self.receivers.discard(receiver)

    async def replay(self, receiver: Receiver, epoch: int, number: int) -> None:
        """Send a receiver what came behind a block, then what comes, the last mark in between.

        What is not on disk is said to be missing. No quote is left out: whoever is sent a day again
        is to see what others saw.
        """
        at, known = (epoch, number), set[Gap]()
        receiver.is_live = False
        receiver.number = number
        while True:
            start = at
            for entry in self.log.after(*at):
                if isinstance(entry, Gap):
                    if entry not in known:
                        receiver.gap(entry)
                    known.add(entry)
                    continue
                if not _follows(entry, at):
                    receiver.gap(Gap(0, entry.stamp, complete=False))
                at = entry.epoch, entry.number
                receiver.take(*at, entry.stamp, self.finder.find([entry.frame]))
                if not receiver.joins or at[1] % _BREATH == 0:
                    await self._read_on(receiver)
                if receiver not in self.receivers:
                    return
            receiver.send_joined()
            if at in {start, self.position}:
                break
        if at != self.position and (self.number or at[0] >= self.log.epoch):
            _log.warning("blocks after %s are not on disk; %s lacks them", at, receiver.name)
            receiver.gap(Gap(0, self.marked_ns, complete=False))
        receiver.is_live = True
        if self.marked_ns:
            receiver.mark(self.marked_ns, None)

    async def _read_on(self, receiver: Receiver) -> None:
        """Wait until a receiver has read most of what it was sent, or has gone."""
        await asyncio.sleep(0)
        most = min(self.waiting.few // 2, self.waiting.most // 4)
        while receiver.outlet.waiting > most and receiver in self.receivers:  # noqa: ASYNC110  (a transport has no event for it)
            await asyncio.sleep(self._flush_secs)

    def _keep(self, entry: Block | Gap) -> None:
        is_kept = self.log.append(entry)
        if is_kept != self.is_kept:
            self.is_kept = is_kept
            text = "blocks are kept again" if is_kept else "blocks cannot be kept"
            _log.log(logging.INFO if is_kept else logging.ERROR, text)

    def _send(self, rows: FoundRows, *, only_counted: bool = False) -> None:
        """Make a block of rows, keep it, and send it."""
        if not len(rows):
            return
        self.number += 1
        self.rows += len(rows)
        self._keep(Block(self.log.epoch, self.number, self._stamp, rows.frame))
        for each in list(self.receivers):
            if each.is_live and (each.is_counted or not only_counted):
                each.take(self.log.epoch, self.number, self._stamp, rows)
                if each.outlet.waiting > self.waiting.most:
                    self._cut(each, SLOW_CLIENT)

    def _cut(self, receiver: Receiver, why: StreamError) -> None:
        self.leave(receiver)
        self.on_cut(receiver, why)


def _follows(block: Block, at: tuple[int, int]) -> bool:
    """Say whether a block is the next one behind a position."""
    epoch, number = at
    return block.number == (number + 1 if block.epoch == epoch else 1)
