"""How frames reach readers in the same process: the newest wins, and nobody waits for anybody."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Condition

from engine.display.frame import DisplayFrame, FrameHeading


class FrameSlot:
    """Holds one frame for one reader, the newest; the reader may be in another thread."""

    def __init__(self) -> None:
        self._frame: DisplayFrame | None = None
        self._closed = False
        self._news = Condition()

    def put(self, frame: DisplayFrame) -> None:
        """Replace what has not been taken; never waits for the reader."""
        with self._news:
            self._frame = frame
            self._news.notify_all()

    def close(self) -> None:
        """Say that no more come; a reader that waits is woken."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    @property
    def is_closed(self) -> bool:
        """Whether no more come; the last one may still be there."""
        return self._closed

    def take(self, wait_secs: float = 0.0) -> DisplayFrame | None:
        """Return the newest frame that was not taken yet, None if none came in so many seconds."""
        with self._news:
            if wait_secs and not self._closed and self._frame is None:
                self._news.wait(wait_secs)
            frame, self._frame = self._frame, None
            return frame


class FrameBoard:
    """Hands the frames of one process to all its readers.

    Parameters
    ----------
    readers : sequence of FrameSlot
        None of them: nobody looks, and nothing need be made.

    Attributes
    ----------
    heading : FrameHeading
        Of all its frames.
    newest : DisplayFrame or None
        The last one that was put up.
    """

    def __init__(self, heading: FrameHeading, readers: Sequence[FrameSlot] = ()) -> None:
        self.heading = heading
        self._readers = tuple(readers)
        self.newest: DisplayFrame | None = None

    @property
    def is_read(self) -> bool:
        """Whether it is worth making a frame."""
        return bool(self._readers)

    def put(self, frame: DisplayFrame) -> None:
        """Show a frame to every reader."""
        self.newest = frame
        for each in self._readers:
            each.put(frame)

    def give_up(self) -> None:
        """Show nothing more; what was shown last stays with the readers."""
        self._readers = ()
