"""The hub's side of the seam: what slots say, in whatever order it comes, bucket by bucket.

No clock, no socket: whoever holds them hands in what arrived, and when. Decisions are made on what
was there in time; the candidate digest is of everything that was said, late or not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from cluster.joining import Joiner, places_among
from cluster.owners import Owners
from cluster.reports import NO_WINDOW, SlotReport, SlotRest
from cluster.slots import ACROSS, Slots
from engine.domain.account import ACCELERATION
from engine.domain.candidate import BucketReport, Candidate, StrategyFailure
from engine.domain.session import NANOS_PER_SECOND
from engine.signals.report_digest import ReportDigest

HUB_WAIT_NS = NANOS_PER_SECOND
"""How long after a bucket's mark the hub waits for slots that have said nothing of it."""


class Taken(StrEnum):
    """What became of a report that arrived."""

    TAKEN = "taken"
    LATE = "late"
    """The bucket is decided: it enters the candidate digest alone."""
    AGAIN = "again"
    """It is here already, from this shard or from another that works the slot."""
    STALE = "stale"
    """Its order does not hold (any more): a shard that was replaced."""
    UNKNOWN_SLOT = "unknown_slot"
    OTHER_PARAMETERS = "other_parameters"
    """It was made under another version of the parameters than the hub's."""
    OTHER_STRATEGIES = "other_strategies"
    """Strategies speak in it that the hub does not host, or not in this slot."""


@dataclass(slots=True)
class _Bucket:
    """What is here of a bucket; ``heard_ns`` is when its mark was heard, on the hub's clock."""

    ts_event: int
    ts_init: int = 0
    heard_ns: int | None = None
    is_decided: bool = False
    reports: dict[str, SlotReport] = field(default_factory=dict[str, SlotReport])
    rests: dict[str, SlotRest] = field(default_factory=dict[str, SlotRest])

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the slots that have said nothing."""
        return tuple(name for name in names if name not in self.reports)

    def is_whole(self, names: Iterable[str]) -> bool:
        """Say whether every slot has said all that it has to say."""
        if self.missing(names):
            return False
        return all(slot in self.rests or not each.others for slot, each in self.reports.items())


class ReportMerge:
    """Makes of slots' reports those of one process.

    Parameters
    ----------
    slots : Slots
    first_ns, width_ns : int
        End of the first bucket to decide (UTC ns), and the width of all.
    strategies : iterable of str
        Of the run, in order of precedence.
    across : iterable of str
        Those of them that look across symbols: ``slots.ACROSS`` speaks for them.
    version_at : callable, optional
        Returns the version of the parameters in force for a bucket; reports of another are refused.
    wait_ns : int or None
        How long silent slots are waited for; None for ever, where time is granted.
    before : iterable of BucketReport
        What was said of the day's earlier buckets, without windows: it enters the digest alone.

    Attributes
    ----------
    owners : Owners
        Who may speak; every slot needs an order before anything of it is taken.
    """

    def __init__(
        self,
        slots: Slots,
        first_ns: int,
        width_ns: int,
        *,
        strategies: Iterable[str] = (ACCELERATION,),
        across: Iterable[str] = (),
        version_at: Callable[[int], int] | None = None,
        wait_ns: int | None = HUB_WAIT_NS,
        before: Iterable[BucketReport] = (),
    ) -> None:
        strategies = tuple(strategies)
        self._across = frozenset(across)
        self._alone = frozenset(strategies) - self._across
        self.names = (*slots.names, *((ACROSS,) if self._across else ()))
        self.owners = Owners()
        self._first_ns = first_ns
        self._width_ns = width_ns
        self._version_at = version_at
        self._wait_ns = wait_ns
        self._buckets: dict[int, _Bucket] = {}
        self._to_decide = first_ns
        self._to_tell = first_ns
        places = places_among(strategies)
        self._decides, self._tells = Joiner(places), Joiner(places)
        self._late: list[StrategyFailure] = []
        self._whole: deque[BucketReport] = deque()
        self._digest = ReportDigest(asks=any(name != ACCELERATION for name in strategies))
        for report in before:
            self._digest.update(report)

    @property
    def next_ns(self) -> int:
        """End of the next bucket to decide, UTC ns."""
        return self._to_decide

    @property
    def open_ns(self) -> int:
        """End of the first bucket of which something may still be said, UTC ns."""
        return self._to_tell

    def take(self, told: SlotReport) -> Taken:
        """Take a report as it arrives."""
        report = told.report
        ts, speakers = report.ts_event, (*report.candidates, *report.failures)
        refused = self._refused(told, ts, (each.strategy_id for each in speakers))
        if refused is not None:
            return refused
        if self._version_at is not None and told.params_version != self._version_at(ts):
            return Taken.OTHER_PARAMETERS
        bucket = self._bucket(ts)
        self.owners.has_reported(told.slot, told.owner, ts)
        if bucket is None or told.slot in bucket.reports:
            return Taken.AGAIN
        bucket.reports[told.slot] = told
        bucket.ts_init = report.ts_init
        if bucket.is_decided:
            self._late += report.failures
            self._strip(bucket)
        self._tell()
        return Taken.LATE if bucket.is_decided else Taken.TAKEN

    def take_rest(self, told: SlotRest) -> Taken:
        """Take the rest of a report, which may come before or after it; no decision waits for it.

        Of two shards that work a slot either may bring it: both say the same.
        """
        speakers = (each.strategy_id for each in told.candidates)
        refused = self._refused(told, told.ts_event, speakers)
        if refused is not None:
            return refused
        bucket = self._bucket(told.ts_event)
        if bucket is None or told.slot in bucket.rests:
            return Taken.AGAIN
        bucket.rests[told.slot] = told
        self._tell()
        return Taken.LATE if bucket.is_decided else Taken.TAKEN

    def mark(self, ts_event: int, ts_init: int, now: int) -> None:
        """Take the relay's mark that a bucket has closed, heard at ``now`` on the hub's clock (ns).

        Parameters
        ----------
        ts_event, ts_init : int
            End of the bucket, and its closing instant, UTC ns.
        now : int
            Of a clock that never goes back; the same as for ``decided``.
        """
        closed = range(self._to_decide, ts_event + 1, self._width_ns)
        for bucket in map(self._bucket, closed):  # a mark that was missed is made up for
            if bucket is not None and bucket.heard_ns is None:
                bucket.heard_ns = now
                bucket.ts_init = bucket.ts_init or bucket.ts_event + ts_init - ts_event

    def decided(self, now: int) -> list[BucketReport]:
        """Return what there is to decide on at ``now``, bucket by bucket, in order.

        Each bucket once: when every slot has spoken, or has been waited for.
        """
        found: list[BucketReport] = []
        while (bucket := self._buckets.get(self._to_decide)) is not None:
            missing = bucket.missing(self.names)
            if missing and not self._waited(bucket, now):
                break
            reports = {slot: each.report for slot, each in bucket.reports.items()}
            late, self._late = self._late, []
            times = bucket.ts_event, bucket.ts_init
            found.append(self._decides.join(*times, reports, missing=missing, late=late))
            bucket.is_decided = True
            self._to_decide += self._width_ns
            self._strip(bucket)
            self._tell()
        return found

    def whole(self) -> list[BucketReport]:
        """Return the reports that are complete since the last call, in order, without windows."""
        found = [*self._whole]
        self._whole.clear()
        return found

    def end(self) -> None:
        """Take what is here of buckets that some slot never spoke of: the day is over."""
        for ts in sorted(self._buckets):
            self._tell_of(self._buckets.pop(ts))

    def digest(self) -> str:
        """Return the candidate digest of the complete buckets; of all after ``end``."""
        return self._digest.hexdigest()

    def _refused(
        self, told: SlotReport | SlotRest, ts_event: int, speakers: Iterable[str]
    ) -> Taken | None:
        """Return why a shard may not speak of a bucket, None where it may."""
        if told.slot not in self.names:
            return Taken.UNKNOWN_SLOT
        if not self.owners.holds(told.slot, told.owner, ts_event):
            return Taken.STALE
        heard = self._across if told.slot == ACROSS else self._alone
        if not heard.issuperset(speakers):
            return Taken.OTHER_STRATEGIES
        return None

    def _bucket(self, ts_event: int) -> _Bucket | None:
        """Return a bucket; None where nothing can be added to it any more."""
        if ts_event < self._to_tell or (ts_event - self._first_ns) % self._width_ns:
            return None
        return self._buckets.setdefault(ts_event, _Bucket(ts_event))

    def _waited(self, bucket: _Bucket, now: int) -> bool:
        if self._wait_ns is None or bucket.heard_ns is None:
            return False
        return now >= bucket.heard_ns + self._wait_ns

    def _tell(self) -> None:
        """Tell of the buckets that are complete, in order, once they are decided."""
        while (bucket := self._buckets.get(self._to_tell)) is not None:
            if not (bucket.is_decided and bucket.is_whole(self.names)):
                return
            self._tell_of(self._buckets.pop(self._to_tell))
            self._to_tell += self._width_ns
            self.owners.forget_before(self._to_tell)

    def _tell_of(self, bucket: _Bucket) -> None:
        reports = {slot: each.report for slot, each in bucket.reports.items()}
        rests = [each for rest in bucket.rests.values() for each in rest.candidates]
        missing = bucket.missing(self.names)
        report = self._tells.join(bucket.ts_event, bucket.ts_init, reports, rests, missing)
        self._digest.update(report)
        self._whole.append(report)

    def _strip(self, bucket: _Bucket) -> None:
        """Let go of windows: what is decided has no further use for them."""
        bucket.reports = {
            slot: msgspec.structs.replace(
                told, report=msgspec.structs.replace(told.report, candidates=_bare(told.report))
            )
            for slot, told in bucket.reports.items()
        }


def _bare(report: BucketReport) -> tuple[Candidate, ...]:
    return tuple(msgspec.structs.replace(each, window=NO_WINDOW) for each in report.candidates)
