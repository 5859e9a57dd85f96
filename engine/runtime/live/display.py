"""A day shows itself: a frame at the close of each bucket, and between when there is news."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from engine.display import Counts, FrameBoard, FrameBuilder, Sight
from engine.hub.books import Books
from engine.runtime.bridge.hub_strategy import HubStrategy
from engine.runtime.bridge.pulse import Pulse
from engine.runtime.bridge.scanner_actor import ScannerActor
from engine.runtime.live.issues import IssueTracker, remedy
from engine.runtime.live.venue import LiveVenue
from engine.tape import HealthLine

_LOOK_SECS = 1.0
"""How often is looked for news between two closes."""
_AFTER_SECS = 0.1
"""From a close to its frame: orders leave first, and closes that follow each other share one."""
_SILENCE_SECS = 5.0
"""Without news a frame comes nevertheless, so that readers know a silent run from a dead one."""

_NOTHING = np.empty(0, np.int8)

_log = logging.getLogger(__name__)


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
        scanner: ScannerActor,
        strategy: HubStrategy,
        pulse: Pulse,
        trouble: IssueTracker,
        health: Callable[[LiveVenue], tuple[HealthLine, ...]],
    ) -> None:
        self._board = board
        self._books = books
        self._scanner = scanner
        self._strategy = strategy
        self._pulse = pulse
        self._trouble = trouble
        self._health = health
        self._builder = FrameBuilder(board.heading, books, remedy)
        self._closed = asyncio.Event()
        self._report = scanner.latest
        self._decisions = 0
        self._shown: object = None
        self._shown_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Remember what the last bucket brought; to be called at each beat."""
        if not self._board.is_read or self._scanner.latest is self._report:
            return
        decisions = self._strategy.decisions
        self._report = self._scanner.latest
        self._builder.radar.look(self._report, decisions[self._decisions :])
        self._decisions = len(decisions)
        self._closed.set()

    def start(self, venue: LiveVenue) -> None:
        """Begin, once the node runs."""
        self.look()
        if self._board.is_read:
            self._task = asyncio.create_task(self._go_on(venue))

    async def close(self) -> None:
        """End; what was shown last stays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def show(self, venue: LiveVenue) -> None:
        """Show what there is to see now."""
        if not self._board.is_read:
            return
        try:
            self._board.put(self._builder.frame(self._sight(venue)))
        except Exception:  # noqa: BLE001  (a screen must not end a run)
            _log.exception("the run cannot be shown any more; it goes on")
            self._board.give_up()
        self._shown, self._shown_at = self._news(venue), time.monotonic()

    async def _go_on(self, venue: LiveVenue) -> None:
        while self._board.is_read:
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
        counts, scanner = venue.health, self._scanner.scanner
        return Sight(
            now=self._pulse.now(),
            report=self._report,
            scores=_NOTHING if self._report is None else scanner.scores(),
            strips=scanner.strips(),
            symbols=scanner.symbols,
            view=self._strategy.view.trade,
            equity=self._strategy.view.equity(),
            health=self._health(venue),
            counts=Counts(
                counts.trades, counts.quotes, counts.gaps, counts.skipped, counts.requests_left
            ),
            issues=self._trouble.details,
        )
