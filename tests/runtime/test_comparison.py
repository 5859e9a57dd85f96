"""Two runs of the real engine, explained: every difference has one cause, and the right one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from app.strategies import hosted
from catalog import Catalog
from engine.comparison import Cause, Comparison, Difference, Judgement, Kind, Story, compare
from engine.domain.commands import FlattenAll, SetParameters
from engine.domain.facts import (
    BucketIncomplete,
    DayEnded,
    DayStarted,
    ExitReason,
    Fact,
    GapBackfilled,
    GovernorMoved,
    OrderFilled,
    RunStarted,
    TradeClosed,
)
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import parameters_from
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import NANOS_PER_SECOND, session
from engine.journal import MemoryJournal
from engine.runtime import run_backtest
from tests.runtime.conftest import SYNTHETIC_DAY
from tests.runtime.runs import EAGER, Ran, run
from tests.runtime.test_commands import given as commanded

SETTINGS = (*EAGER, "max_trades_per_day=25")


def judgements(ran: Ran) -> list[Judgement]:
    verdicts = (verdict for day in ran.outcome.days for verdict in day.verdicts)
    return [msgspec.convert(msgspec.to_builtins(each), Judgement) for each in verdicts]


def told(
    name: str,
    ran: Ran,
    *,
    facts: Sequence[Fact] | None = None,
    judged: list[Judgement] | None = None,
    settings: Sequence[str] = SETTINGS,
) -> Story:
    params = ParameterHistory(parameters_from({}, settings))
    kept = judgements(ran) if judged is None else judged
    return Story.of(name, ran.facts if facts is None else facts, kept, params)


@pytest.fixture(scope="module")
def base(synthetic: Catalog) -> Ran:
    return run(synthetic, [SYNTHETIC_DAY], settings=SETTINGS)


def check(compared: Comparison) -> Comparison:
    """Hold a comparison against what all of them promise."""
    for place, each in enumerate(compared.differences, start=1):
        assert each.number == place
        assert each.values
        assert each.because
        assert (each.earlier is not None) == (each.cause is Cause.CONSEQUENCE)
        assert each.earlier is None or each.earlier < each.number
    assert all(a.ts <= b.ts for a, b in pairwise(compared.differences))
    assert sum(compared.causes.values()) == len(compared.differences)
    return compared


def test_a_run_and_itself_are_the_same_decisions_and_fills(base: Ran) -> None:
    compared = check(compare(told("a", base), told("b", base)))
    assert compared.differences == ()
    assert (compared.same_decisions, compared.same_fills, compared.judged) == (True, True, True)
    assert compared.decisions > len(base.outcome.trades) > 10
    assert compared.fills >= 2 * len(base.outcome.trades)


def test_a_run_without_verdicts_is_compared_by_what_it_planned(base: Ran) -> None:
    bare = Story.of("b", base.facts)
    compared = check(compare(told("a", base), bare))
    assert (compared.differences, compared.judged) == ((), False)
    assert compared.decisions == len(bare.plans)


def test_other_fills_are_the_venue_s_and_all_else_follows(base: Ran, synthetic: Catalog) -> None:
    worse = run(synthetic, [SYNTHETIC_DAY], settings=SETTINGS, fills="pessimistic")
    compared = check(compare(told("a", base), told("b", worse)))
    assert compared.differences[0].cause in {Cause.FILL, Cause.LATENCY}
    assert compared.causes[Cause.FILL] > 0
    assert set(compared.causes) <= {Cause.FILL, Cause.LATENCY, Cause.CONSEQUENCE}
    cooling = [each for each in compared.differences if _cools(each)]
    assert cooling
    for each in cooling:
        assert each.earlier is not None
        assert compared.differences[each.earlier - 1].symbol == each.symbol


def _cools(difference: Difference) -> bool:
    """Say whether a symbol was left alone for another while only."""
    return [each.name for each in difference.values] == ["detail"] and all(
        "cooldown" in side for each in difference.values for side in (each.first, each.second)
    )


def test_another_parameter_is_named_and_all_else_follows(base: Ran, synthetic: Catalog) -> None:
    changed = (*SETTINGS, "stop_loss_percent=0.5")
    other = run(synthetic, [SYNTHETIC_DAY], settings=changed)
    compared = check(compare(told("a", base), told("b", other, settings=changed)))
    first = compared.differences[0]
    assert (first.kind, first.cause) == (Kind.PLAN, Cause.PARAMETER)
    assert first.because == "stop_loss_percent 0.4 against 0.5"
    assert set(compared.causes) <= {Cause.PARAMETER, Cause.CONSEQUENCE, Cause.FILL}


def test_a_gate_that_one_run_sets_higher_is_a_parameter(base: Ran, synthetic: Catalog) -> None:
    changed = (*SETTINGS, "min_ac_z=3")
    other = run(synthetic, [SYNTHETIC_DAY], settings=changed)
    compared = check(compare(told("a", base), told("b", other, settings=changed)))
    assert compared.differences[0].cause is Cause.PARAMETER
    assert "min_ac_z 2.0 against 3.0" in compared.differences[0].because
    assert set(compared.causes) == {Cause.PARAMETER, Cause.CONSEQUENCE}


class LateTape(Catalog):
    """The same day, heard over a line that is slower by more than the grace of a bucket."""

    def trade_batches(self, day: date, letter: str) -> Iterator[TradeBatch]:  # noqa: D102
        return map(_late, super().trade_batches(day, letter))

    def trades(  # noqa: D102
        self, day: date, symbols: Sequence[str], start_ns: int, end_ns: int
    ) -> TradeBatch:
        return _late(super().trades(day, symbols, start_ns - LATE_NS, end_ns - LATE_NS))

    def data_hash(self, day: date, letters: Sequence[str]) -> str:  # noqa: D102
        return f"late {super().data_hash(day, letters)}"


LATE_NS = 600_000_000


def _late(batch: TradeBatch) -> TradeBatch:
    return replace(batch, ts_init=batch.ts_init + LATE_NS)


def test_a_tape_that_came_late_is_data(base: Ran, synthetic: Catalog) -> None:
    late = run(LateTape(synthetic.root), [SYNTHETIC_DAY], settings=SETTINGS)
    assert late.outcome.trades
    compared = check(compare(told("a", base), told("b", late)))
    assert compared.causes[Cause.DATA] > 10
    assert set(compared.causes) == {Cause.DATA, Cause.CONSEQUENCE}


def test_a_run_that_took_the_day_for_one_without_quotes_is_data(base: Ran) -> None:
    """Half of what such a run says is an estimate where the other has a quote."""
    known = judgements(base)
    place = next(n for n, each in enumerate(known) if each.checks)
    looks = tuple(
        msgspec.structs.replace(each, basis="estimated") if each.basis == "quoted" else each
        for each in known[place].checks
    )
    changed = [*known]
    changed[place] = msgspec.structs.replace(known[place], checks=looks)
    (only,) = check(compare(told("a", base), told("b", base, judged=changed))).differences
    assert (only.kind, only.cause) == (Kind.DECISION, Cause.DATA)
    assert only.because == "spread was quoted against estimated: only one of the runs had quotes"


def test_a_command_of_one_run_is_human_and_its_author_named(base: Ran, synthetic: Catalog) -> None:
    opened = next(each for each in base.outcome.trades if (each.hold_secs or 0) > 5)
    at = opened.entry_ts + 2 * NANOS_PER_SECOND
    flat = run(
        synthetic, [SYNTHETIC_DAY], settings=SETTINGS, attendant=commanded((at, FlattenAll()))
    )
    compared = check(compare(told("a", base), told("b", flat)))
    first = compared.differences[0]
    assert (first.kind, first.cause) == (Kind.EXIT, Cause.HUMAN)
    assert first.because == "ann gave flatten_all to b (command c0)"
    assert set(compared.causes) == {Cause.HUMAN, Cause.CONSEQUENCE}
    again = check(compare(told("b", flat), told("c", flat)))
    assert again.differences == ()


def test_a_trade_that_somebody_closed_at_the_broker_is_human(base: Ran) -> None:
    facts = [*base.facts]
    place = max(n for n, fact in enumerate(facts) if isinstance(fact.payload, TradeClosed))
    payload: Any = facts[place].payload
    closed = msgspec.structs.replace(payload, exit_reason=ExitReason.CLOSED_BY_HAND)
    facts[place] = msgspec.structs.replace(facts[place], payload=closed)
    end = max(
        n
        for n, fact in enumerate(facts[:place])
        if isinstance(fact.payload, OrderFilled) and fact.payload.trade_id == closed.trade_id
    )
    facts[end] = dearer(facts[end])
    compared = check(compare(told("a", base), told("b", base, facts=facts)))
    assert {each.kind for each in compared.differences} == {Kind.FILL, Kind.TRADE}
    assert {each.cause for each in compared.differences} == {Cause.HUMAN}
    assert compared.differences[0].because == "somebody closed it by hand at the broker of b"


def test_parameters_set_on_the_way_are_a_version_of_one_run(base: Ran, synthetic: Catalog) -> None:
    at = base.outcome.trades[0].entry_ts + NANOS_PER_SECOND
    command = SetParameters({"take_profit_percent": 1.2}, "further", 1)
    far = run(synthetic, [SYNTHETIC_DAY], settings=SETTINGS, attendant=commanded((at, command)))
    compared = check(compare(told("a", base), told("b", far)))
    first = compared.differences[0]
    assert (first.kind, first.cause, first.ts > at) == (Kind.PLAN, Cause.PARAMETER, True)
    assert "(version 1 against 2)" in first.because


def test_another_balance_is_no_mystery(synthetic: Catalog) -> None:
    sized = (*SETTINGS, "risk_per_trade_percent=0.05", "position_notional=1000000")
    stories: list[Story] = []
    for usd in (100_000, 50_000):
        journal = MemoryJournal()
        outcome = run_backtest(
            synthetic,
            [SYNTHETIC_DAY],
            parameters_from({}, sized),
            strategies=hosted().strategies,
            journal=journal,
            starting_balance=Decimal(usd),
        )
        stories.append(told(str(usd), Ran(outcome, list(journal.facts())), settings=sized))
    compared = check(compare(*stories))
    assert "started with 100000 against 50000 USD" in compared.differences[0].because
    assert Cause.UNEXPLAINED not in compared.causes


@given(st.data())
def test_another_candidate_is_data_and_nothing_else_is(base: Ran, data: st.DataObject) -> None:
    known = judgements(base)
    place = data.draw(st.integers(0, len(known) - 1))
    changed = known.copy()
    changed[place] = msgspec.structs.replace(known[place], score=known[place].score + 0.5)
    compared = check(compare(told("a", base), told("b", base, judged=changed)))
    (only,) = compared.differences
    assert (only.kind, only.cause) == (Kind.DECISION, Cause.DATA)
    assert only.symbol == known[place].symbol


@pytest.mark.parametrize(("secs", "is_told"), [(0, True), (899, True), (901, False)])
def test_what_one_run_heard_after_a_gap_is_named_while_signals_look_back_on_it(
    base: Ran, secs: int, *, is_told: bool
) -> None:
    known = judgements(base)
    place = len(known) // 2
    other = msgspec.structs.replace(known[place], score=known[place].score + 0.5)
    end = other.ts_event - secs * NANOS_PER_SECOND
    gap = GapBackfilled(end - 9 * NANOS_PER_SECOND, end, 40, 1_234, 12, complete=True)
    late = msgspec.structs.replace(base.facts[2], ts_event=end, ts_init=end, payload=gap)
    judged = [*known[:place], other, *known[place + 1 :]]
    story = told("b", base, facts=[*base.facts, late], judged=judged)
    (only,) = check(compare(told("a", base), story)).differences
    assert only.cause is Cause.DATA
    assert only.because.endswith("New York, fetched later: 1,234 trades") == is_told
    assert ("b had no data from" in only.because) == is_told


def test_data_that_came_late_goes_before_a_parameter_that_made_no_difference_yet(
    base: Ran,
) -> None:
    """A late start or a gap explains first; a parameter that made a difference before stays."""
    known = judgements(base)
    settings = (*SETTINGS, "min_ac_z=3", "symbol_cooldown_seconds=1")
    place = next(n for n, each in enumerate(known) if n > len(known) // 2 and not each.approved)
    early, other = known[0], known[place]
    end = other.ts_event - NANOS_PER_SECOND
    gap = GapBackfilled(end - 9 * NANOS_PER_SECOND, end, 40, 1_234, 12, complete=True)
    late = msgspec.structs.replace(base.facts[2], ts_event=end, ts_init=end, payload=gap)
    scored = msgspec.structs.replace(other, score=other.score + 0.5)

    def causes(facts: Sequence[Fact], judged: list[Judgement]) -> list[tuple[Cause, str]]:
        story = told("b", base, facts=facts, judged=judged, settings=settings)
        found = check(compare(told("a", base), story)).differences
        return [(each.cause, each.because) for each in found]

    ((cause, because),) = causes([*base.facts, late], [*known[:place], scored, *known[place + 1 :]])
    assert cause is Cause.DATA
    assert "fetched later: 1,234 trades; parameters differ, too: " in because
    worded = msgspec.structs.replace(other, detail="another")
    ((cause, because),) = causes([*base.facts, late], [*known[:place], worded, *known[place + 1 :]])
    assert (cause, because.endswith("1,234 trades")) == (Cause.DATA, True)
    shown = msgspec.structs.replace(early, score=early.score + 0.5)
    judged = [shown, *known[1:place], scored, *known[place + 1 :]]
    assert [cause for cause, _ in causes([*base.facts, late], judged)] == [Cause.PARAMETER] * 2
    began = session(SYNTHETIC_DAY).at("15:30:01")
    facts = [
        msgspec.structs.replace(each, ts_init=max(each.ts_init, began))
        if isinstance(each.payload, GovernorMoved | DayEnded)
        else each
        for each in base.facts
        if isinstance(each.payload, RunStarted | DayStarted | GovernorMoved | DayEnded)
    ]
    ((cause, because), *_) = causes(facts, [each for each in known if each.ts_event > began])
    assert (cause, "b began at 15:30:01 New York, after the open" in because) == (Cause.DATA, True)


@given(st.data())
def test_a_refused_candidate_that_one_run_never_saw_is_data(base: Ran, data: st.DataObject) -> None:
    known = judgements(base)
    refused = data.draw(st.sampled_from([each for each in known if not each.approved]))
    without = [each for each in known if each is not refused]
    (only,) = check(compare(told("a", base, judged=without), told("b", base))).differences
    assert (only.only_in, only.cause, only.symbol) == ("b", Cause.DATA, refused.symbol)


def test_a_bucket_that_one_run_decided_without_a_slot_is_data_and_the_slot_is_named(
    base: Ran,
) -> None:
    known = judgements(base)
    refused = next(each for each in known if not each.approved)
    ts = refused.ts_event
    silent = msgspec.structs.replace(
        base.facts[2], ts_event=ts, ts_init=ts, payload=BucketIncomplete(ts, ("S",))
    )
    without = [each for each in known if each is not refused]
    story = told("b", base, facts=[*base.facts, silent], judged=without)
    (only,) = check(compare(told("a", base), story)).differences
    assert (only.only_in, only.cause) == ("a", Cause.DATA)
    assert only.because == "b decided the bucket without slot S"


def later(fill: Fact) -> Fact:
    return msgspec.structs.replace(fill, ts_event=fill.ts_event + 1)


def dearer(fill: Fact) -> Fact:
    assert isinstance(fill.payload, OrderFilled)
    price = fill.payload.last_px + Decimal("0.01")
    payload = msgspec.structs.replace(fill.payload, last_px=price)
    return msgspec.structs.replace(fill, payload=payload)


@given(st.data(), st.sampled_from([(later, Cause.LATENCY), (dearer, Cause.FILL)]))
def test_a_fill_that_differs_is_found_whichever_it_is(
    base: Ran, data: st.DataObject, way: tuple[Callable[[Fact], Fact], Cause]
) -> None:
    change, cause = way
    places = [n for n, fact in enumerate(base.facts) if isinstance(fact.payload, OrderFilled)]
    place = data.draw(st.sampled_from(places))
    facts = [*base.facts]
    facts[place] = change(facts[place])
    filled: Any = facts[place].payload
    (only,) = check(compare(told("a", base), told("b", base, facts=facts))).differences
    assert (only.kind, only.cause, only.role) == (Kind.FILL, cause, filled.role)
    assert only.trade_id == filled.trade_id


@effort(max_examples=20)
@given(st.integers(0, 2**32))
def test_a_run_cut_off_anywhere_is_explained_and_alike_from_both_sides(base: Ran, at: int) -> None:
    cut = base.facts[: 2 + at % (len(base.facts) - 2)]
    short = told("b", base, facts=cut, judged=[])
    one = check(compare(told("a", base), short))
    two = check(compare(short, told("a", base)))
    assert [each.cause for each in one.differences] == [each.cause for each in two.differences]
    assert [each.kind for each in one.differences] == [each.kind for each in two.differences]
