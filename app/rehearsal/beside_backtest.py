"""A rehearsal beside the backtest of its day: whether they are the same, and why not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.rehearsal.run import Rehearsal, RehearsalRequest, backtest_fills, backtested
from app.runs.story import run_story
from catalog import Catalog
from engine.comparison import Comparison, compare
from engine.hub import Outcome


@dataclass(frozen=True, slots=True)
class BesideBacktest:
    """A rehearsal beside its backtest.

    Attributes
    ----------
    why : Comparison or None
        Tells of each difference; None where decisions and fills are the same.
    backtest_secs : float
        Wall seconds that the backtest took.
    fills : tuple of str
        How the simulator filled, and how the backtest did.
    """

    day: date
    rehearsal: Rehearsal
    backtest: Outcome
    why: Comparison | None
    backtest_secs: float
    fills: tuple[str, str]

    @property
    def same_decisions(self) -> bool:
        """Whether live decided what the backtest did, by their digests."""
        return self.rehearsal.end.outcome.decision_digest == self.backtest.decision_digest

    @property
    def same_fills(self) -> bool:
        """Whether it filled the same, by their digests."""
        return self.rehearsal.end.outcome.fill_digest == self.backtest.fill_digest

    def told(self) -> dict[str, Any]:
        """Return it by name."""
        return self.rehearsal.end.told() | {
            "same_decisions": self.same_decisions,
            "same_fills": self.same_fills,
            "causes": {} if self.why is None else dict(self.why.causes),
        }


def beside_backtest(
    catalog: Catalog,
    request: RehearsalRequest,
    rehearsal: Rehearsal,
    database: str,
    progress: Callable[[float, float], None],
) -> BesideBacktest:
    """Backtest the day of a rehearsal that is over, and compare.

    Raises
    ------
    DataError, JournalError
        The day, or the facts of the rehearsal, cannot be read.
    """
    began = time.perf_counter()
    backtest, story = backtested(catalog, request, progress)
    outcome = rehearsal.end.outcome
    one = outcome.decision_digest, outcome.fill_digest
    two = backtest.decision_digest, backtest.fill_digest
    why = None
    if one != two:
        why = compare(run_story(rehearsal.end.run_id, database, request.verdicts)[0], story)
    return BesideBacktest(
        day=request.day,
        rehearsal=rehearsal,
        backtest=backtest,
        why=why,
        backtest_secs=time.perf_counter() - began,
        fills=(request.fills, backtest_fills(request.fills)),
    )
