"""Brackets on the simulated venue: one row is one tape and what it must come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest

from engine.domain.bracket import BracketPlan
from engine.domain.candidate import Side
from engine.domain.facts import (
    Alarm,
    AlarmRaised,
    BracketPlanned,
    BucketIncomplete,
    ExitReason,
    ExitRequested,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    TradeClosed,
    TradeOpened,
)
from engine.domain.session import NANOS_PER_SECOND
from tests.runtime.stage import (
    TEN,
    Filled,
    Halt,
    Print,
    Touch,
    act,
    closed,
    filled,
    payloads,
    plan,
)

QUOTED = ((-1.0, 100.00, 100.10),)
PRINTED = ((-0.5, 100.05),)
LONG = plan()
SHORT = plan(side=Side.SHORT, target="97.00", stop="101.60")
ENTERED = ("entry", Decimal("100.10"), 0.30)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A tape after the first quote and print, the fills it brings and why the trade ended."""

    name: str
    fills: str = "base"
    plan: BracketPlan = LONG
    prints: Sequence[Print] = ()
    touches: Sequence[Touch] = ()
    halts: Sequence[Halt] = ()
    expected: Sequence[Filled]
    reason: ExitReason


def fill(role: str, price: str, second: float) -> Filled:
    return role, Decimal(price), second


SCENES = (
    Scene(
        name="a print at the target fills it",
        prints=[(10, 102.99), (11, 103.00)],
        expected=[ENTERED, fill("take_profit", "103.00", 11)],
        reason=ExitReason.TAKE_PROFIT,
    ),
    Scene(
        name="a print through the target fills it at its own price",
        prints=[(10, 104.50)],
        expected=[ENTERED, fill("take_profit", "103.00", 10)],
        reason=ExitReason.TAKE_PROFIT,
    ),
    Scene(
        name="optimistic: a quote at the target is enough, and the entry does not travel",
        fills="optimistic",
        touches=[(10, 103.00, 103.10)],
        expected=[fill("entry", "100.10", 0.25), fill("take_profit", "103.00", 10)],
        reason=ExitReason.TAKE_PROFIT,
    ),
    Scene(
        name="base: a quote at the target is not enough",
        touches=[(10, 103.00, 103.10), (12, 102.80, 102.90)],
        prints=[(13, 103.00)],
        expected=[ENTERED, fill("take_profit", "103.00", 13)],
        reason=ExitReason.TAKE_PROFIT,
    ),
    Scene(
        name="pessimistic: a print at the target is not enough, and entries slip 5 bps",
        fills="pessimistic",
        prints=[(10, 103.00), (11, 103.01)],
        expected=[fill("entry", "100.15005", 0.50), fill("take_profit", "103.00", 11)],
        reason=ExitReason.TAKE_PROFIT,
    ),
    Scene(
        name="a gap is a gap",
        prints=[(10, 97.20)],
        expected=[ENTERED, fill("stop_loss", "97.20", 10)],
        reason=ExitReason.STOP_LOSS,
    ),
    Scene(
        name="pessimistic: a stop slips from the print that elected it",
        fills="pessimistic",
        prints=[(10, 97.20)],
        expected=[fill("entry", "100.15005", 0.50), fill("stop_loss", "97.1514", 10)],
        reason=ExitReason.STOP_LOSS,
    ),
    Scene(
        name="a stop that a print at the ask elects sells at the bid",
        touches=[(9.5, 98.00, 98.50)],
        prints=[(10, 98.50)],
        expected=[ENTERED, fill("stop_loss", "98.00", 10)],
        reason=ExitReason.STOP_LOSS,
    ),
    Scene(
        name="pessimistic: it slips from the bid",
        fills="pessimistic",
        touches=[(9.5, 98.00, 98.50)],
        prints=[(10, 98.50)],
        expected=[fill("entry", "100.15005", 0.50), fill("stop_loss", "97.951", 10)],
        reason=ExitReason.STOP_LOSS,
    ),
    Scene(
        name="optimistic: it sells at the bid, too",
        fills="optimistic",
        touches=[(9.5, 98.00, 98.50)],
        prints=[(10, 98.50)],
        expected=[fill("entry", "100.10", 0.25), fill("stop_loss", "98.00", 10)],
        reason=ExitReason.STOP_LOSS,
    ),
    Scene(
        name="a bid that is stale says nothing about a stop",
        touches=[(5, 98.00, 98.50)],
        prints=[(10, 98.50)],
        expected=[ENTERED, fill("stop_loss", "98.50", 10)],
        reason=ExitReason.STOP_LOSS,
    ),
    Scene(
        name="a quote through the stop elects nothing",
        touches=[(10, 97.00, 97.10), (11, 100.00, 100.10)],
        prints=[(12, 98.50)],
        expected=[ENTERED, fill("stop_loss", "98.50", 12)],
        reason=ExitReason.STOP_LOSS,
    ),
    Scene(
        name="an entry pays the ask, not an off-quote print that came after it",
        prints=[(0.1, 101.00), (10, 103.00)],
        expected=[ENTERED, fill("take_profit", "103.00", 10)],
        reason=ExitReason.TAKE_PROFIT,
    ),
    Scene(
        name="an entry meets the quote of the moment it arrives",
        touches=[(0.28, 100.20, 100.30), (0.31, 100.40, 100.50)],
        prints=[(10, 103.00)],
        expected=[fill("entry", "100.30", 0.30), fill("take_profit", "103.00", 10)],
        reason=ExitReason.TAKE_PROFIT,
    ),
    Scene(
        name="a stale quote gives way to the last print",
        touches=[(-60, 99.00, 99.10)],
        prints=[(10, 103.00)],
        expected=[fill("entry", "100.05", 0.30), fill("take_profit", "103.00", 10)],
        reason=ExitReason.TAKE_PROFIT,
    ),
    Scene(
        name="a stop that is through when the entry fills is elected at once",
        prints=[(0.27, 98.00)],
        expected=[ENTERED, fill("stop_loss", "98.00", 0.30)],
        reason=ExitReason.STOP_LOSS,
    ),
    Scene(
        name="the time stop leaves at the bid, after the latency",
        touches=[(30, 100.40, 100.50)],
        expected=[ENTERED, fill("take_profit", "100.40", 61.05)],
        reason=ExitReason.TIME_STOP,
    ),
    Scene(
        name="pessimistic: the time stop slips, too",
        fills="pessimistic",
        touches=[(30, 100.40, 100.50)],
        expected=[fill("entry", "100.15005", 0.50), fill("take_profit", "100.3498", 61.25)],
        reason=ExitReason.TIME_STOP,
    ),
    Scene(
        name="the stop protects until the exit has arrived",
        touches=[(30, 100.40, 100.50)],
        prints=[(61.02, 98.40)],
        expected=[ENTERED, fill("stop_loss", "98.40", 61.02)],
        reason=ExitReason.STOP_LOSS,
    ),
    Scene(
        name="nothing fills in a halt, and the reopening print elects the stop",
        halts=[(5, "halt"), (20, "resume")],
        prints=[(10, 97.00), (11, 104.00), (21, 96.50)],
        touches=[(12, 90.00, 110.00)],
        expected=[ENTERED, fill("stop_loss", "96.50", 21)],
        reason=ExitReason.STOP_LOSS,
    ),
    Scene(
        name="a time stop due in a halt waits for the resume",
        halts=[(50, "halt"), (70.5, "resume")],
        touches=[(70.7, 99.00, 99.10)],
        prints=[(55, 95.00)],
        expected=[ENTERED, fill("take_profit", "99.00", 71.05)],
        reason=ExitReason.TIME_STOP,
    ),
    Scene(
        name="what is quoted in a halt is nobody's price after it",
        halts=[(50, "halt"), (70.5, "resume")],
        touches=[(69.9, 90.00, 110.00)],
        expected=[ENTERED, fill("take_profit", "100.00", 71.05)],
        reason=ExitReason.TIME_STOP,
    ),
    Scene(
        name="an exit that arrives in a halt is filled at the end of a day that does not resume",
        halts=[(61.02, "halt")],
        touches=[(59, 100.20, 100.30)],
        prints=[(60, 100.40)],
        expected=[ENTERED, fill("take_profit", "100.20", 100.000000001)],
        reason=ExitReason.TIME_STOP,
    ),
    Scene(
        name="a stop trails the best print once a second and never loosens",
        plan=plan(trailing="1"),
        prints=[(10, 102.00), (12, 101.50), (14, 100.90)],
        expected=[ENTERED, fill("stop_loss", "100.90", 14)],
        reason=ExitReason.TRAILING_STOP,
    ),
    Scene(
        name="a fall through the trailed stop between two looks leaves at the market",
        plan=plan(trailing="1"),
        prints=[(10.1, 102.00), (10.5, 100.50), (20, 100.60)],
        expected=[ENTERED, fill("take_profit", "100.50", 11.05)],
        reason=ExitReason.TRAILING_STOP,
    ),
    Scene(
        name="a short's rise through the trailed stop likewise",
        plan=plan(side=Side.SHORT, target="97.00", stop="101.60", trailing="1"),
        prints=[(10.1, 98.00), (10.5, 99.50), (20, 99.40)],
        expected=[fill("entry", "100.00", 0.30), fill("take_profit", "99.50", 11.05)],
        reason=ExitReason.TRAILING_STOP,
    ),
    Scene(
        name="a limit entry that is marketable pays the touch",
        plan=plan(limit="100.20"),
        prints=[(10, 103.00)],
        expected=[ENTERED, fill("take_profit", "103.00", 10)],
        reason=ExitReason.TAKE_PROFIT,
    ),
    Scene(
        name="pessimistic: a limit entry slips no further than its limit",
        fills="pessimistic",
        plan=plan(limit="100.12"),
        prints=[(10, 103.01)],
        expected=[fill("entry", "100.12", 0.50), fill("take_profit", "103.00", 10)],
        reason=ExitReason.TAKE_PROFIT,
    ),
    Scene(
        name="a limit entry fills when the quote comes within reach",
        plan=plan(limit="100.05"),
        touches=[(2, 99.94, 100.04)],
        prints=[(10, 103.00)],
        expected=[fill("entry", "100.04", 2), fill("take_profit", "103.00", 10)],
        reason=ExitReason.TAKE_PROFIT,
    ),
    Scene(
        name="a short is the mirror image: in at the bid, out at the target below",
        plan=SHORT,
        prints=[(10, 97.00)],
        expected=[fill("entry", "100.00", 0.30), fill("take_profit", "97.00", 10)],
        reason=ExitReason.TAKE_PROFIT,
    ),
    Scene(
        name="a short's stop buys at the gap",
        plan=SHORT,
        prints=[(10, 103.30)],
        expected=[fill("entry", "100.00", 0.30), fill("stop_loss", "103.30", 10)],
        reason=ExitReason.STOP_LOSS,
    ),
    Scene(
        name="a short's stop that a print at the bid elects buys at the ask",
        plan=SHORT,
        touches=[(9.5, 101.60, 101.90)],
        prints=[(10, 101.60)],
        expected=[fill("entry", "100.00", 0.30), fill("stop_loss", "101.90", 10)],
        reason=ExitReason.STOP_LOSS,
    ),
    Scene(
        name="a short's time stop buys at the ask",
        plan=SHORT,
        expected=[fill("entry", "100.00", 0.30), fill("take_profit", "100.10", 61.05)],
        reason=ExitReason.TIME_STOP,
    ),
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_bracket(scene: Scene) -> None:
    stale = bool(scene.touches) and scene.touches[0][0] < 0
    facts = act(
        scene.plan,
        fills=scene.fills,
        prints=[*PRINTED, *scene.prints],
        touches=scene.touches if stale else [*QUOTED, *scene.touches],
        halts=scene.halts,
    )

    assert filled(facts) == scene.expected
    end = closed(facts)
    assert end.exit_reason is scene.reason
    assert end.quantity == 40
    (_, paid, _), (_, got, _) = scene.expected
    assert end.realized_pnl == scene.plan.side * 40 * (got - paid)


def test_legs_sleep_until_the_entry_is_filled_and_the_loser_is_canceled() -> None:
    facts = act(LONG, prints=[*PRINTED, (10, 103.0)], touches=QUOTED)

    order = [type(fact.payload).__name__ for fact in facts]
    assert order.index("TradeOpened") < order.index("OrderAccepted")
    assert [leg.client_order_id[-9:] for leg in payloads(facts, OrderAccepted)] == [
        "stop_loss",
        "ke_profit",
    ]
    (loser,) = payloads(facts, OrderCanceled)
    assert loser.client_order_id.endswith("stop_loss")
    assert order[-1] == "OrderCanceled"


def test_a_plan_is_a_fact_before_its_orders_and_every_fact_names_its_cause() -> None:
    facts = act(LONG, prints=[*PRINTED, (10, 103.0)], touches=QUOTED)

    names = {fact.seq: type(fact.payload).__name__ for fact in facts}
    causes = [
        (names[fact.seq], names[fact.causation_id])
        for fact in facts
        if fact.causation_id is not None and fact.correlation_id is not None
    ]
    assert causes[:4] == [("OrderSubmitted", "BracketPlanned")] * 3 + [
        ("OrderFilled", "BracketPlanned")
    ]
    assert ("TradeOpened", "OrderFilled") in causes
    assert ("TradeClosed", "OrderFilled") in causes


def test_a_bucket_on_which_an_earlier_process_has_decided_is_not_decided_again() -> None:
    touches, prints = QUOTED, PRINTED
    assert payloads(act(LONG, prints=prints, touches=touches, decided_ns=TEN - 1), BracketPlanned)
    again = act(LONG, prints=prints, touches=touches, decided_ns=TEN)
    assert not payloads(again, BracketPlanned)


def test_exits_go_on_while_a_slot_is_silent_and_the_bucket_is_a_fact() -> None:
    prints = [*PRINTED, (4.0, 101.00), (11.0, 103.00)]
    usual = act(LONG, prints=prints, touches=QUOTED)
    silent = act(LONG, prints=prints, touches=QUOTED, then_missing=("S", "TA-TM"))
    assert len(filled(silent)) == 2
    assert filled(silent) == filled(usual)
    (fact,) = payloads(silent, BucketIncomplete)
    assert fact == BucketIncomplete(TEN + 5 * NANOS_PER_SECOND, ("S", "TA-TM"))
    assert not payloads(usual, BucketIncomplete)
    assert len(payloads(silent, BracketPlanned)) == 1


def test_an_entry_limit_out_of_reach_is_withdrawn_and_leaves_no_trade() -> None:
    facts = act(plan(limit="100.05"), prints=PRINTED, touches=QUOTED, until=20)

    assert not payloads(facts, OrderFilled)
    assert not payloads(facts, TradeOpened)
    assert len(payloads(facts, OrderCanceled)) == 3


def test_an_entry_into_a_halt_is_refused_by_the_venue_and_leaves_no_trade() -> None:
    facts = act(LONG, prints=PRINTED, touches=QUOTED, halts=[(0.1, "halt")], until=20)

    assert len(payloads(facts, OrderRejected)) == 3
    assert not payloads(facts, OrderFilled)


def test_a_trade_whose_stop_is_gone_is_closed_at_once() -> None:
    facts = act(LONG, prints=PRINTED, touches=QUOTED, loses_stop_at=20)

    assert [role for role, _, _ in filled(facts)] == ["entry", "exit"]
    assert filled(facts)[1][1:] == (Decimal("100.00"), 20.3)  # noticed at 20.25, 50 ms away
    assert [request.reason for request in payloads(facts, ExitRequested)] == [
        ExitReason.PROTECTION_LOST
    ]
    assert payloads(facts, TradeClosed)[0].exit_reason is ExitReason.PROTECTION_LOST


def test_an_exit_that_a_halt_holds_up_raises_one_alarm_and_leaves_at_the_resume() -> None:
    facts = act(
        LONG,
        prints=PRINTED,
        touches=[*QUOTED, (250.7, 99.00, 99.10)],
        halts=[(50, "halt"), (250.5, "resume")],
        until=260,
    )

    (asked,) = (fact for fact in facts if isinstance(fact.payload, ExitRequested))
    (rang,) = (fact for fact in facts if isinstance(fact.payload, AlarmRaised))
    assert rang.payload == AlarmRaised(
        Alarm.EXIT_HELD_UP, "ABC is open 120 s after time_stop: halted"
    )
    assert rang.ts_init - asked.ts_init == 120 * NANOS_PER_SECOND
    assert rang.correlation_id == LONG.trade_id
    assert closed(facts).exit_reason is ExitReason.TIME_STOP
    assert filled(facts)[-1][2] > 250.5
