"""A day shows itself: a frame at the close of each bucket, and between when there is news."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from engine.display import Counts, FrameBoard, Sight
from engine.hub.books import Books
from engine.runtime.bridge.hub_strategy import HubStrategy
from engine.runtime.bridge.merged_actor import MergedActor
from engine.runtime.bridge.pulse import Pulse
from engine.runtime.bridge.run_frames import RunFrames
from engine.runtime.bridge.scanner_actor import ScannerActor
from engine.runtime.live.issues import IssueTracker
from engine.runtime.live.venue import LiveVenue
from engine.tape import HealthLine

_LOOK_SECS = 1.0
"""How often is looked for news between two closes."""
_AFTER_SECS = 0.1
"""From a close to its frame: orders leave first, and closes that follow each other share one."""
_SILENCE_SECS = 5.0
"""Without news a frame comes nevertheless, so that readers know a silent run from a dead one."""


class DayDisplay:
    """Makes the frames of a day beside its work, in the node's loop.

    Whatever fails, the day goes on.

    Parameters
    ----------
    board : FrameBoard
        Without readers nothing is made.
    health : callable
        Returns the lights, the worst first.
    """

    def __init__(
        self,
        board: FrameBoard,
        books: Books,
        scanner: ScannerActor | MergedActor,
        strategy: HubStrategy,
        pulse: Pulse,
        trouble: IssueTracker,
        health: Callable[[LiveVenue], tuple[HealthLine, ...]],
    ) -> None:
        self._books = books
        self._scanner = scanner
        self._pulse = pulse
        self._trouble = trouble
        self._health = health
        self._frames = RunFrames(board, books, strategy)
        self._frames.report = scanner.latest
        self._closed = asyncio.Event()
        self._shown: object = None
        self._shown_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Remember what the last bucket brought; to be called at each beat."""
        if self._frames.look(self._scanner.latest):
            self._closed.set()

    def start(self, venue: LiveVenue) -> None:
        """Begin, once the node runs."""
        self.look()
        if self._frames.is_read:
            self._task = asyncio.create_task(self._go_on(venue))

    async def close(self) -> None:
        """End; what was shown last stays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def show(self, venue: LiveVenue) -> None:
        """Show what there is to see now."""
        if not self._frames.is_read:
            return
        self._frames.show(lambda: self._sight(venue))
        self._shown, self._shown_at = self._news(venue), time.monotonic()

    async def _go_on(self, venue: LiveVenue) -> None:
        while self._frames.is_read:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), _LOOK_SECS)
            if self._closed.is_set():
                await asyncio.sleep(_AFTER_SECS)
                self._closed.clear()
            elif not self._is_due(venue):
                continue
            self.show(venue)

    def _is_due(self, venue: LiveVenue) -> bool:
        """Say whether something is to be shown before the next close: a price moves, say."""
        if self._books.ledger.positions or self._news(venue) != self._shown:
            return True
        return time.monotonic() - self._shown_at >= _SILENCE_SECS

    def _news(self, venue: LiveVenue) -> object:
        lights = [(line.what, line.light) for line in self._health(venue)]
        return self._books.facts, dict(self._trouble.details), lights

    def _sight(self, venue: LiveVenue) -> Sight:
        seen = venue.health
        return self._frames.sight(
            self._pulse.now(),
            self._scanner.scanner,
            self._health(venue),
            Counts(seen.trades, seen.quotes, seen.gaps, seen.skipped, seen.requests_left),
            self._trouble.details,
        )
