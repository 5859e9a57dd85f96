"""Slots together say what one process says, whatever the cut, and in whatever order it comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.joining import without_slots
from cluster.merge import HUB_WAIT_NS, ReportMerge, Taken
from cluster.reports import Owner, SlotReport, SlotRest
from cluster.slots import ACROSS, PLACES, Slot, Slots
from cluster.splitting import equal_slots
from engine.domain.candidate import BucketReport, FadeReason, Phase
from engine.domain.session import NANOS_PER_SECOND, session
from engine.pipeline import observe
from engine.signals import Scanner
from engine.signals.whole_tape.signal_runner import in_process
from engine.signals.whole_tape.signals import Signals
from engine.signals.whole_tape.tape import Tape
from strategies import Reversion
from tests.cluster.seam_day import (
    ACROSS_NAMES,
    NAMES,
    OneProcess,
    Recorded,
    decision_digest,
    decisions,
    in_one_process,
    in_slots,
    synthetic,
    told,
)
from tests.signals.tapes import batch, recorded

FIRST, SECOND, ZOMBIE = Owner(3, 1), Owner(3, 2), Owner(2, 9)

type Message = SlotReport | SlotRest
type Arrival = tuple[int, Message]
"""When it arrives on the hub's clock, ns."""


@dataclass(frozen=True)
class Seam:
    """One day, through one process and through slots."""

    day: Recorded
    one: OneProcess
    slots: Slots
    sent: list[tuple[SlotReport, SlotRest | None]]

    def merge(self, wait_ns: int | None = None) -> ReportMerge:
        """Return the hub's side, every slot given to its first owner."""
        merge = ReportMerge(
            self.slots, self.day.first_ns, self.day.params.bucket_ns,
            strategies=NAMES, across=ACROSS_NAMES, version_at=lambda _: 1, wait_ns=wait_ns,
        )  # fmt: skip
        for name in merge.names:
            merge.owners.give(name, FIRST, self.day.first_ns)
        return merge


def random_slots(seed: int) -> Slots:
    rng = np.random.default_rng(seed)
    edges = np.unique([0, *rng.integers(1, PLACES, 5), PLACES]).tolist()
    return Slots([Slot(a, b - 1) for a, b in pairwise(edges)])


@pytest.fixture(scope="module")
def lively() -> tuple[Recorded, OneProcess]:
    day = synthetic()
    return day, in_one_process(day, 1)


@pytest.fixture(scope="module", params=["26", "random"])
def seam(request: pytest.FixtureRequest, lively: tuple[Recorded, OneProcess]) -> Seam:
    cut = random_slots(77) if request.param == "random" else equal_slots(int(request.param))
    return Seam(*lively, cut, told(in_slots(lively[0], cut, 100), FIRST))


def played(merge: ReportMerge, day: Recorded, arrivals: Iterable[Arrival]) -> list[BucketReport]:
    """Hand a hub what arrives in order of time, the relay's marks between it."""
    width, grace = day.params.bucket_ns, day.params.grace_ns
    marks = iter(range(day.first_ns, day.until_ns - grace + 1, width))
    mark = next(marks, None)
    found: list[BucketReport] = []
    for at, message in sorted(arrivals, key=lambda each: each[0]):
        while mark is not None and mark + grace <= at:
            merge.mark(mark, mark + grace, mark + grace)
            found += merge.decided(mark + grace)
            mark = next(marks, None)
        found += merge.decided(at)
        taken = merge.take(message) if isinstance(message, SlotReport) else merge.take_rest(message)
        if message.owner == ZOMBIE:
            assert taken is Taken.STALE
        found += merge.decided(at)
    return [*found, *merge.decided(day.until_ns + 60 * NANOS_PER_SECOND)]


def delayed(seam: Seam, rng: np.random.Generator, most_secs: float) -> Iterator[Arrival]:
    """Yield what shards send, late by chance, some of it again, and what a zombie sends."""
    for first, rest in seam.sent:
        for message in (first, rest):
            if message is None:
                continue
            closed = first.report.ts_init
            for _ in range(1 + int(rng.random() < 0.2)):
                yield closed + int(rng.random() * most_secs * NANOS_PER_SECOND), message
            if rng.random() < 0.1:
                yield closed, msgspec.structs.replace(message, owner=ZOMBIE)


def the_same(seam: Seam, merge: ReportMerge, found: list[BucketReport]) -> None:
    """Compare a hub's day with that of one process."""
    day, one = seam.day, seam.one
    assert [each.ts_event for each in found] == [each.ts_event for each in one.reports]
    assert merge.digest() == one.digest
    decided = decisions(day, one.reports)
    assert sum(len(each.plans) for each in decided) > 20
    assert decision_digest(merge.digest(), decisions(day, found)) == (
        decision_digest(one.digest, decided)
    )


def test_enough_happens_to_compare(lively: tuple[Recorded, OneProcess]) -> None:
    day, one = lively
    raised = Counter(
        each.strategy_id
        for report in one.reports
        for each in report.candidates
        if each.phase is Phase.RAISED
    )
    assert set(raised) == set(NAMES)
    assert min(raised.values()) >= 10
    assert in_one_process(day, 2).digest == one.digest


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1), most_secs=st.sampled_from([0.5, 30.0, 4_000.0]))
def test_in_granted_time_any_order_gives_the_digests_of_one_process(
    seam: Seam, seed: int, most_secs: float
) -> None:
    merge = seam.merge()
    arrivals = delayed(seam, np.random.default_rng(seed), most_secs)
    the_same(seam, merge, played(merge, seam.day, arrivals))


@settings(max_examples=4)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_slot_may_move_while_both_shards_report(seam: Seam, seed: int) -> None:
    rng = np.random.default_rng(seed)
    merge = seam.merge(HUB_WAIT_NS)
    moved = str(rng.choice(merge.names))
    since = int(rng.choice([each.ts_event for each in seam.one.reports]))
    merge.owners.give(moved, SECOND, since)
    arrivals = list(delayed(seam, rng, 0.9))
    arrivals += [
        (at + int(rng.integers(0, 10**7)), msgspec.structs.replace(message, owner=SECOND))
        for at, message in arrivals
        if message.slot == moved
        and message.owner == FIRST
        and (message.report.ts_event if isinstance(message, SlotReport) else message.ts_event)
        >= since
    ]
    the_same(seam, merge, played(merge, seam.day, arrivals))
    last = next(first for first, _ in reversed(seam.sent) if first.slot == moved)
    assert merge.take(last) is Taken.STALE


@settings(max_examples=4)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_silent_slot_holds_entries_and_enters_the_candidate_digest_when_it_speaks(
    seam: Seam, seed: int
) -> None:
    day, one, rng = seam.day, seam.one, np.random.default_rng(seed)
    merge = seam.merge(HUB_WAIT_NS)
    silent = str(rng.choice(merge.names))
    held = set(rng.choice([each.ts_event for each in one.reports], 25, replace=False).tolist())
    arrivals: list[Arrival] = []
    for first, rest in seam.sent:
        ts = first.report.ts_event
        late = first.slot == silent and ts in held
        at = first.report.ts_init + (7 * NANOS_PER_SECOND if late else int(rng.integers(10**9)))
        arrivals += [(at, each) for each in (first, rest) if each is not None]
    found = played(merge, day, arrivals)
    decided = decisions(day, found)
    facts = {each.incomplete.ts: each.incomplete.slots for each in decided if each.incomplete}
    assert facts == dict.fromkeys(held, (silent,))
    assert not any(each.plans for each in decided if each.incomplete)
    assert sum(len(each.plans) for each in decided) > 10
    assert merge.digest() == one.digest
    assert decision_digest("", decided) != decision_digest("", decisions(day, one.reports))
    again = [
        without_slots(each, facts.get(each.ts_event, ()), ACROSS_NAMES) for each in one.reports
    ]
    assert decision_digest("", decided) == decision_digest("", decisions(day, again))


def test_a_day_on_which_nobody_speaks_at_first_has_a_digest_however_often_it_is_asked(
    seam: Seam,
) -> None:
    day, width = seam.day, seam.day.params.bucket_ns
    digests: list[str] = []
    silent_until = day.first_ns + 70 * width
    said = [each for each in seam.sent if each[0].report.ts_event >= silent_until]
    for asks in (False, True):
        merge = seam.merge(HUB_WAIT_NS)
        arrivals = [
            (first.report.ts_init, each)
            for first, rest in said
            for each in (first, rest)
            if each is not None
        ]
        found = played(merge, day, arrivals)
        assert all(each.missing == merge.names for each in found[:70])
        assert not any(each.missing for each in found[70:])
        if asks:
            merge.digest()
        merge.end()
        digests.append(merge.digest())
    assert digests[0] == digests[1] != seam.one.digest


def test_a_recorded_day_in_slots_is_that_of_one_process(shared: Path) -> None:
    of, frame = recorded(shared, "ticks/highfrequency_multi/2014-09-17.parquet")
    hours, params = session(of), synthetic().params
    until = hours.open_ns + 500 * NANOS_PER_SECOND + params.grace_ns
    prints = batch(frame[frame.ts_event < until])
    nothing = np.empty(0, np.int64)
    quotes = type(synthetic().quotes)(
        np.empty(0, np.int32), (), nothing, nothing, nothing, nothing, nothing, nothing
    )
    day = Recorded(hours, prints, quotes, until, params)
    one, cut = in_one_process(day, 5), random_slots(5)
    seam = Seam(day, one, cut, told(in_slots(day, cut, 50), FIRST))
    assert len(set(cut.of(prints.symbols).tolist())) > 1
    assert sum(len(each.candidates) for each in one.reports) > 50
    merge = seam.merge()
    found = played(merge, day, delayed(seam, np.random.default_rng(3), 60.0))
    assert merge.digest() == one.digest
    assert decision_digest("", decisions(day, found)) == (
        decision_digest("", decisions(day, one.reports))
    )


def test_a_slot_without_symbols_asks_nobody(lively: tuple[Recorded, OneProcess]) -> None:
    class NeedsOne(Reversion):
        """Cannot do without any symbol, like many."""

        strategy_id = "needs_one"

        def signals(self, tape: Tape) -> Signals:
            """Take the highest price."""
            tape.last.max()
            return super().signals(tape)

    day, _ = lively
    source = in_process([NeedsOne()])(day.hours, day.params, ["needs_one"])
    scanner = Scanner(day.params, day.hours, {}, source=source)
    reports = observe(scanner, [], [], day.until_ns)
    assert len(reports) > 90
    assert not any(each.failures for each in reports)


def test_what_a_hub_did_not_ask_for_is_refused_and_named(seam: Seam) -> None:
    merge, (first, rest) = seam.merge(), next(each for each in seam.sent if each[1] is not None)
    replace = msgspec.structs.replace
    assert rest is not None
    assert merge.take(replace(first, slot="AX-AZ")) is Taken.UNKNOWN_SLOT
    assert merge.take(replace(first, params_version=2)) is Taken.OTHER_PARAMETERS
    assert merge.take(replace(first, owner=Owner(3, 3))) is Taken.STALE
    other = replace(rest.candidates[0], strategy_id="nobodys")
    assert merge.take_rest(replace(rest, candidates=(other,))) is Taken.OTHER_STRATEGIES
    across = replace(first, report=replace(first.report, candidates=(other,)), slot=ACROSS)
    assert merge.take(across) is Taken.OTHER_STRATEGIES
    assert merge.take(first) is Taken.TAKEN
    assert merge.take(first) is Taken.AGAIN
    with pytest.raises(ValueError, match="is not after"):
        merge.owners.give(first.slot, FIRST, 0)


def test_a_new_owner_that_dies_before_it_reports_leaves_the_old_one_in_place(seam: Seam) -> None:
    merge = seam.merge()
    first, then = [each for each, _ in seam.sent if each.slot == merge.names[0]][:2]
    merge.owners.give(first.slot, SECOND, first.report.ts_event)
    assert merge.owners.of(first.slot) == (FIRST, SECOND)
    merge.owners.take_back(first.slot, SECOND)
    assert merge.take(first) is Taken.TAKEN
    assert merge.take(msgspec.structs.replace(then, owner=SECOND)) is Taken.STALE
    assert merge.take(then) is Taken.TAKEN


def test_a_strategy_that_goes_wrong_in_one_slot_is_off_in_all_from_that_bucket(
    lively: tuple[Recorded, OneProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    day, _ = lively
    whole = Reversion.signals

    def breaks(strategy: Reversion, tape: Tape) -> Signals:
        if tape.bucket == 60 and "MSFT" in tape.symbols:
            raise ZeroDivisionError("of its own making")
        return whole(strategy, tape)

    monkeypatch.setattr(Reversion, "signals", breaks)
    one, cut = in_one_process(day, 9), equal_slots(3)
    seam = Seam(day, one, cut, told(in_slots(day, cut, 9), FIRST))
    ended = [each for report in one.reports for each in report.candidates
             if each.fade_reason is FadeReason.STRATEGY_OFF]  # fmt: skip
    assert len({int(cut.of([each.symbol])[0]) for each in ended}) == 3
    merge = seam.merge()
    found = played(merge, day, delayed(seam, np.random.default_rng(9), 20.0))
    the_same(seam, merge, found)
    assert [each.failures for each in found] == [each.failures for each in one.reports]
