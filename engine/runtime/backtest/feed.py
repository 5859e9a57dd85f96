"""The port through which a recorded day reaches the engine, bucket by bucket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from engine.domain.candidate import BucketReport
from engine.domain.market_data.halts import Halts
from engine.domain.parameters.versions import Stretch
from engine.domain.session import NANOS_PER_SECOND, Session
from engine.runtime.backtest.simulation import Simulation
from engine.runtime.bridge.bucket_clock import BucketClock
from engine.runtime.bridge.ticks import status_data
from engine.signals.scanner import Scanner

_SETTLING_NS = 10 * NANOS_PER_SECOND
"""Time after the last bucket in which exits that a halt held up can still be filled."""


class Feed(Protocol):
    """One recorded day on its way into a simulation; made for one pass.

    Attributes
    ----------
    scanner : BucketClock
        The actor that publishes this feed's reports.
    candidates : int
        Candidates raised so far.
    ticks : int
        Ticks fed to the venue so far.
    hydrate_secs : float
        Wall-clock seconds spent on reading them.
    latest : BucketReport or None
        Of the bucket that closed last.
    whole_tape : Scanner or None
        Has every symbol as of that close; None where nothing but candidates is known.
    """

    @property
    def scanner(self) -> BucketClock: ...  # noqa: D102
    @property
    def candidates(self) -> int: ...  # noqa: D102
    @property
    def ticks(self) -> int: ...  # noqa: D102
    @property
    def hydrate_secs(self) -> float: ...  # noqa: D102
    @property
    def latest(self) -> BucketReport | None: ...  # noqa: D102
    @property
    def whole_tape(self) -> Scanner | None: ...  # noqa: D102

    def play(self, simulation: Simulation) -> Iterator[int]:
        """Play the day and yield the closing instant of each bucket (UTC ns) once it is past."""
        ...

    def digest(self) -> str:
        """Return the digest of all candidates and breadth of the day, once it is played."""
        ...


def closing_instants(stretches: Sequence[Stretch], session: Session) -> Iterator[int]:
    """Yield when each bucket from the pre-market to the close closes: its end plus the grace."""
    width = stretches[0].params.bucket_ns
    start = session.pre_market_ns + width
    ends = [each.start_ns for each in stretches[1:]] + [session.close_ns + 1]
    for each, end in zip(stretches, ends, strict=True):
        grace_ns = each.params.grace_ns
        for label in range(start, end, width):
            yield label + grace_ns
            start = label + width


def settle(simulation: Simulation, halts: Halts, now: int) -> None:
    """Let what is still open after the last bucket end at its last price.

    Nothing is carried over night: a stock that stays halted to the end of the day is valued out at
    the price it last had, as if it resumed there. Its last print comes once more, since an exit
    that arrived in the halt waits for its market.
    """
    resumes = halts.resume_all(now + 1)
    symbols = [status.symbol for status in resumes]
    simulation.list_symbols(symbols)
    again = simulation.last_prints(symbols, now + 1)
    simulation.play(status_data(resumes, simulation.instruments), again, until=now + _SETTLING_NS)
