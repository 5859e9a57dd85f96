"""The tape watched bucket by bucket: measured, judged, and good again only after some time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from msgspec import structs

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.signals.columns import ClosedPrices
from engine.tape.judgement import Flaw, TapeLimits, judge_tape
from engine.tape.measure import Heard, TapeMeasure
from engine.tape.profile import WINDOWS, Profile
from engine.tape.repeats import Repeats
from engine.tape.settled import SettledFlaws

_ENOUGH_PRINTS = 8
_ENOUGH_ARRIVALS = 20
_NEVER = -1


class _Prints(NamedTuple):
    """Prints of one bucket by what is wrong with them."""

    all: int
    late: int
    future: int
    repeated: int


class TapeMonitor:
    """Measures what arrives and says at each close what is wrong with it.

    It costs some passes over the columns of a bucket, at its close alone.

    Parameters
    ----------
    opens_ns : int
        Start of the session, UTC ns; what comes before it is not judged.

    Attributes
    ----------
    measure : TapeMeasure or None
        Of the last close.
    """

    def __init__(self, opens_ns: int) -> None:
        self.measure: TapeMeasure | None = None
        self._settled = SettledFlaws()
        self._opens_ns = opens_ns
        self._profile = Profile()
        self._moves = Profile()
        self._repeats = Repeats()
        self._prints: deque[_Prints] = deque(maxlen=WINDOWS[-1])
        self._lag_ns: int | None = None
        self._first_ns = self._last_ns = _NEVER
        self._arrivals = 0
        self._fetched_ns = 0
        self._last = np.zeros(0, np.int64)

    def fetched(self, until_ns: int) -> None:
        """Expect prints up to an exchange time to come late: they were asked for again."""
        self._fetched_ns = max(self._fetched_ns, until_ns)

    def learn(self, buckets: Iterable[ClosedPrices], limits: TapeLimits) -> None:
        """Take buckets of the past for the day's profile; nothing is judged."""
        for bucket in buckets:
            self._compare(bucket, limits)

    def close(
        self,
        buckets: Iterable[ClosedPrices],
        prints: Sequence[TradeBatch],
        quotes: Sequence[QuoteBatch],
        now: int,
        limits: TapeLimits,
    ) -> dict[Flaw, str]:
        """Take what has arrived since the last close, and return what is wrong now.

        Parameters
        ----------
        buckets : iterable of ClosedPrices
            That have closed since, oldest first.
        prints, quotes : sequence of batches
            In order of arrival.
        now : int
            The instant of the close, UTC ns.
        """
        self._hear(prints, quotes)
        self._prints.append(self._sorted_out(prints, limits))
        heard: tuple[Heard, ...] = ()
        moved: tuple[Heard, ...] = ()
        for bucket in buckets:
            heard, moved = self._compare(bucket, limits)
        counted = self._counted()
        self.measure = structs.replace(
            self._measure(heard, moved),
            ts=now,
            lag_ns=self._lag_ns,
            silent_ns=None if self._last_ns == _NEVER else max(0, now - self._last_ns),
            mean_gap_ns=self._mean_gap_ns(),
            prints=counted.all,
            late=counted.late,
            future=counted.future,
            repeated=counted.repeated,
        )
        return self._settled.settle(judge_tape(self.measure, limits))

    def _compare(
        self, bucket: ClosedPrices, limits: TapeLimits
    ) -> tuple[tuple[Heard, ...], tuple[Heard, ...]]:
        """Hold a bucket against the day's profile, then learn from it."""
        heard = bucket.high > 0
        before = np.zeros(len(heard), np.int64)
        before[: len(self._last)] = self._last
        has_moved = heard & ((bucket.high != bucket.low) | (bucket.last != before))
        self._last = bucket.last.copy()
        windows, moves = self._profile.compare(heard), self._moves.compare(has_moved)
        found = judge_tape(self._measure(windows, moves), limits)
        self._profile.learn(heard, is_thin=Flaw.THIN in found)
        self._moves.learn(has_moved, is_thin=bool(found))
        return windows, moves

    def _measure(self, heard: tuple[Heard, ...], moved: tuple[Heard, ...]) -> TapeMeasure:
        """Return what the windows alone tell."""
        last = moved[-1] if moved else None
        return TapeMeasure(0, symbols=self._profile.symbols, heard=heard, moved=last)

    def _hear(self, prints: Sequence[TradeBatch], quotes: Sequence[QuoteBatch]) -> None:
        """Note when something arrived."""
        for batch in (*prints, *quotes):
            ts = batch.ts_init[np.searchsorted(batch.ts_init, self._opens_ns) :]
            if not len(ts):
                continue
            if self._first_ns == _NEVER:
                self._first_ns = int(ts[0])
            self._arrivals += 1 + int(np.count_nonzero(np.diff(ts)))
            self._last_ns = max(self._last_ns, int(ts[-1]))

    def _mean_gap_ns(self) -> float | None:
        if self._arrivals < _ENOUGH_ARRIVALS:
            return None
        return (self._last_ns - self._first_ns) / (self._arrivals - 1)

    def _sorted_out(self, prints: Sequence[TradeBatch], limits: TapeLimits) -> _Prints:
        """Count the prints of a bucket by what is wrong with them; fetched ones are not asked."""
        judged = list(prints)
        if self._fetched_ns:
            judged = [batch.rows(batch.ts_event > self._fetched_ns) for batch in prints]
        judged = [batch for batch in judged if len(batch)]
        if not judged:
            return _Prints(0, 0, 0, 0)
        lag = np.concatenate([batch.ts_init - batch.ts_event for batch in judged])
        self._lag_ns = int(np.median(lag))
        return _Prints(
            len(lag),
            int(np.count_nonzero(lag > limits.lag_ns)),
            int(np.count_nonzero(lag < -limits.ahead_ns)),
            self._repeats.count(judged),
        )

    def _counted(self) -> _Prints:
        """Return the counts of the newest buckets, as many as it takes to judge by."""
        total = _Prints(0, 0, 0, 0)
        for each in reversed(self._prints):
            total = _Prints(*(a + b for a, b in zip(total, each, strict=True)))
            if total.all >= _ENOUGH_PRINTS:
                break
        return total
