"""What a backtest hands back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from engine.accounting import EquityPoint, Fill, Trade
from engine.decision import Verdict


class OutcomeStatus(StrEnum):
    """How a run came to its end."""

    ENDED = "Ended"
    INTERRUPTED = "Interrupted"


@dataclass(frozen=True, slots=True)
class DayOutcome:
    """One day, as far as it was played.

    Attributes
    ----------
    candidates : int
        Candidates raised.
    orders : int
        Orders submitted, legs of brackets included.
    ticks : int
        Ticks the simulated venue was fed.
    trades : tuple of Trade
        In order of planning; those that are over with MAE and MFE.
    verdicts : tuple of Verdict
        One for each qualified candidate, in order.
    equity : tuple of EquityPoint
        At the start and end of the day, and at each bucket's close while something was held;
        positions marked at their last print.
    timings : dict
        Wall-clock seconds of ``scan``, ``hydrate`` and ``replay``.
    """

    day: date
    candidates: int
    orders: int
    ticks: int
    trades: tuple[Trade, ...]
    fills: tuple[Fill, ...]
    verdicts: tuple[Verdict, ...]
    equity: tuple[EquityPoint, ...]
    timings: dict[str, float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole run.

    Attributes
    ----------
    facts : int
        Facts written to the journal by the run.
    equity : Decimal
        USD at the end.
    """

    status: OutcomeStatus
    days: tuple[DayOutcome, ...]
    facts: int
    equity: Decimal
    decision_digest: str
    fill_digest: str

    @property
    def candidates(self) -> int:
        """Candidates raised on all days."""
        return sum(day.candidates for day in self.days)

    @property
    def orders(self) -> int:
        """Orders submitted on all days."""
        return sum(day.orders for day in self.days)

    @property
    def trades(self) -> tuple[Trade, ...]:
        """Trades of all days."""
        return tuple(trade for day in self.days for trade in day.trades)

    @property
    def timings(self) -> dict[str, float]:
        """Seconds of each stage over all days."""
        stages = {stage: 0.0 for day in self.days for stage in day.timings}
        for day in self.days:
            for stage, secs in day.timings.items():
                stages[stage] += secs
        return stages
