"""A recorded day shows itself while it is played: after its buckets, and while it rests."""

from __future__ import annotations

import time

from engine.display import Counts, FrameBoard, Sight
from engine.hub.books import Books
from engine.runtime.backtest.feed import Feed
from engine.runtime.bridge.hub_strategy import HubStrategy
from engine.runtime.bridge.run_frames import RunFrames
from engine.tape import HealthLine, Light

_LEAST_SECS = 0.1
"""Between two frames at least: readers look no oftener, and a day may be played in seconds."""
_SILENCE_SECS = 5.0
"""A day that rests shows itself nevertheless, so that readers know it from a dead one."""

_RECORDED = (HealthLine(Light.GREEN, "tape", "a recorded day"),)
_NO_FEEDS = Counts(trades=0, quotes=0, gaps=0, skipped=0, requests_left=None)


class ReplayDisplay:
    """Makes the frames of a day that is played, between its buckets.

    Parameters
    ----------
    board : FrameBoard
        Without readers nothing is made.
    """

    def __init__(self, board: FrameBoard, books: Books, strategy: HubStrategy, feed: Feed) -> None:
        self._feed = feed
        self._frames = RunFrames(board, books, strategy)
        self._now = books.session.pre_market_ns
        self._shown_at = 0.0
        self._is_shown = False

    def look(self, now: int) -> None:
        """Take the bucket that closed at an instant (UTC ns); show it unless one just was."""
        self._now, self._is_shown = now, False
        self._frames.look(self._feed.latest)
        if self._silent_secs >= _LEAST_SECS:
            self.show()

    def rest(self) -> None:
        """Show the last bucket if it was passed over; without news, now and then."""
        if self._silent_secs >= (_SILENCE_SECS if self._is_shown else _LEAST_SECS):
            self.show()

    def show(self) -> None:
        """Show what there is to see now."""
        self._frames.show(self._sight)
        self._shown_at, self._is_shown = time.monotonic(), True

    @property
    def _silent_secs(self) -> float:
        return time.monotonic() - self._shown_at

    def _sight(self) -> Sight:
        whole = self._feed.whole_tape
        return self._frames.sight(self._now, whole, _RECORDED, _NO_FEEDS, {})
