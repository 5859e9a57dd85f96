"""A run that shows itself: to screens of its own process, and to other processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.display.publisher import FramePublisher
from app.runs.hosted_run import HostedRun
from engine.display import FrameBoard, FrameHeading, FrameSlot


class ShownRun:
    """The board of a run.

    Attributes
    ----------
    board : FrameBoard
        Takes its frames.
    """

    def __init__(self, board: FrameBoard, publisher: FramePublisher | None) -> None:
        self.board = board
        self._publisher = publisher

    def ended(self, status: str) -> None:
        """Learn how the run ended; without it, it was interrupted."""
        if self._publisher is not None:
            self._publisher.ended(status)


@contextmanager
def shown_run(
    run: HostedRun,
    root: Path | None,
    *,
    venue: str,
    sends: bool = True,
    screens: Sequence[FrameSlot] = (),
) -> Iterator[ShownRun]:
    """Show a run for as long as it is hosted.

    Parameters
    ----------
    root : Path, optional
        Of all displays; without it other processes see nothing.
    venue : str
        Where it trades.
    sends : bool
        Whether plans become orders.
    screens : sequence of FrameSlot
        Readers in this process.
    """
    heading = FrameHeading(run_id=run.run_id, epoch=run.journal.epoch, venue=venue, sends=sends)
    with ExitStack() as stack:
        publisher = None
        if root is not None:
            publisher = stack.enter_context(FramePublisher(root, run.run_id, run.name))
        slots = (*screens, *(() if publisher is None else (publisher.slot,)))
        yield ShownRun(FrameBoard(heading, slots), publisher)
