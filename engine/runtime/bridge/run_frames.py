"""The frames of a run, made beside its work by whatever host it is in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from engine.display import Counts, FrameBoard, FrameBuilder, Sight
from engine.display.remedies import remedy
from engine.domain.candidate import BucketReport
from engine.hub.books import Books
from engine.runtime.bridge.hub_strategy import HubStrategy
from engine.signals.scanner import Scanner
from engine.tape import HealthLine

_log = logging.getLogger(__name__)


class RunFrames:
    """Shows what a run's books and strategy have, and what its host sees beside them.

    Whatever fails, the run goes on.

    Parameters
    ----------
    board : FrameBoard
        Without readers nothing is made.

    Attributes
    ----------
    report : BucketReport or None
        Of the bucket that was looked at last.
    """

    def __init__(self, board: FrameBoard, books: Books, strategy: HubStrategy) -> None:
        self.report: BucketReport | None = None
        self._board = board
        self._strategy = strategy
        self._builder = FrameBuilder(board.heading, books, remedy)
        self._decisions = 0

    @property
    def is_read(self) -> bool:
        """Whether it is worth making a frame."""
        return self._board.is_read

    def look(self, report: BucketReport | None) -> bool:
        """Remember what the last bucket brought; return whether that is news to a reader."""
        if not self.is_read or report is self.report:
            return False
        decisions = self._strategy.decisions
        self.report = report
        self._builder.radar.look(report, decisions[self._decisions :])
        self._decisions = len(decisions)
        return True

    def show(self, sight: Callable[[], Sight]) -> None:
        """Put up a frame of what there is to see now."""
        if not self.is_read:
            return
        try:
            self._board.put(self._builder.frame(sight()))
        except Exception:  # noqa: BLE001  (a screen must not end a run)
            _log.exception("the run cannot be shown any more; it goes on")
            self._board.give_up()

    def sight(
        self,
        now: int,
        scanner: Scanner | None,
        health: tuple[HealthLine, ...],
        counts: Counts,
        issues: Mapping[str, str],
    ) -> Sight:
        """Return what there is to see at an instant (UTC ns).

        Parameters
        ----------
        scanner : Scanner, optional
            Has the scores of all symbols; without it none are shown.
        """
        is_known = scanner is not None and self.report is not None
        return Sight(
            now=now,
            report=self.report,
            scores=scanner.scores() if scanner is not None and is_known else None,
            strips={} if scanner is None else scanner.strips(),
            symbols=() if scanner is None else scanner.symbols,
            view=self._strategy.view.trade,
            equity=self._strategy.view.equity(),
            health=health,
            counts=counts,
            issues=issues,
        )
