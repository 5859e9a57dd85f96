"""What is known of a run becomes a frame: pure, from values alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.display.activity import RecentActivity
from engine.display.frame import (
    RUNNING,
    VERSION,
    DisplayFrame,
    FrameHeading,
    HealthRow,
    Hours,
    Issue,
)
from engine.display.governor import governor_row
from engine.display.positions import position_rows
from engine.display.radar import Radar
from engine.display.strip import bucket_row, score_strip, strategy_strips
from engine.domain.candidate import BucketReport
from engine.hub.books import Books, LiveTrade
from engine.hub.trade_view import TradeView
from engine.tape.health import HealthLine, Light

_ZERO = Decimal(0)


class Counts(msgspec.Struct, frozen=True):
    """What a venue's feeds have brought; see ``HealthRow``."""

    trades: int
    quotes: int
    gaps: int
    skipped: int
    requests_left: int | None


class Sight(msgspec.Struct, frozen=True, eq=False):
    """What a host sees of its run at an instant, beside the books.

    Attributes
    ----------
    now : int
        UTC ns.
    report : BucketReport or None
        Of the bucket that closed last.
    scores : int8 array, shape (n,), or None
        As ``engine.signals.scores`` has them; None where the host keeps none.
    strips : mapping of str to int8 array, shape (n,)
        The same of each strategy over the tape that is asked, in order of precedence.
    symbols : sequence of str
        Their names; it only ever grows at its end.
    view : callable
        Returns a trade's orders and its market as they stand.
    equity : Decimal
        USD, positions at their last prints.
    health : tuple of HealthLine
        The worst first.
    issues : mapping of str to str
        What is wrong, by name.
    """

    now: int
    report: BucketReport | None
    scores: NDArray[np.int8] | None
    strips: Mapping[str, NDArray[np.int8]]
    symbols: Sequence[str]
    view: Callable[[LiveTrade], TradeView]
    equity: Decimal
    health: tuple[HealthLine, ...]
    counts: Counts
    issues: Mapping[str, str]


class FrameBuilder:
    """Makes the frames of one process, each whole.

    Parameters
    ----------
    heading : FrameHeading
    books : Books
        Read, never written.
    remedy : callable
        Returns what a person can do about an issue or alarm of a name.

    Attributes
    ----------
    radar : Radar
        To be shown every bucket.
    """

    def __init__(self, heading: FrameHeading, books: Books, remedy: Callable[[str], str]) -> None:
        self.radar = Radar()
        self._heading = heading
        self._books = books
        self._remedy = remedy
        self._activity = RecentActivity()
        self._number = 0
        self._names: tuple[str, ...] = ()

    def frame(self, seen: Sight) -> DisplayFrame:
        """Return everything there is to see."""
        books, now, report, scores = self._books, seen.now, seen.report, seen.scores
        in_force = books.history.in_force(now)
        positions = position_rows(books, in_force.params, seen.view)
        open_pnl = sum((each.pnl for each in positions), _ZERO)
        self._activity.look(books.recent)
        self._number += 1
        if len(self._names) != len(seen.symbols):
            self._names = tuple(seen.symbols)
        return DisplayFrame(
            version=VERSION,
            heading=self._heading,
            number=self._number,
            status=RUNNING,
            note="",
            ts=now,
            fact_seq=books.recent[-1].seq if books.recent else 0,
            params_version=in_force.version,
            hours=Hours(
                books.session.day.isoformat(), books.session.open_ns, books.session.close_ns
            ),
            bucket=None if report is None else bucket_row(report, scores, in_force.params),
            radar=self.radar.rows(),
            strip=None if report is None or scores is None else score_strip(scores, self._names),
            strips=strategy_strips(seen.strips),
            governor=governor_row(books, in_force.params, now, seen.equity, open_pnl),
            positions=positions,
            health=_health(seen.health, seen.counts),
            issues=self._issues(seen.issues),
            activity=self._activity.newest_first(),
        )

    def _issues(self, details: Mapping[str, str]) -> tuple[Issue, ...]:
        """Return alarms of the day, then what is wrong now."""
        alarms = [(str(each.alarm), each.detail, True) for each in self._books.alarms]
        wrong = [(what, detail, False) for what, detail in details.items()]
        return tuple(
            Issue(what, detail, self._remedy(what), is_alarm)
            for what, detail, is_alarm in (*alarms, *wrong)
        )


def _health(lines: tuple[HealthLine, ...], counts: Counts) -> HealthRow:
    """Return lights and counts; nothing known is yellow."""
    worst = lines[0].light if lines else Light.YELLOW
    return HealthRow(worst=worst, lines=lines, **msgspec.structs.asdict(counts))
