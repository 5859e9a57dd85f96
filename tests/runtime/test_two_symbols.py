"""Brackets in two stocks: what one is told leaves the other where its own market left it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest

from engine.domain.bracket import BracketPlan
from engine.domain.facts import OrderUpdated
from tests.runtime.stage import Beside, Filled, Halt, Print, Touch, act, filled, payloads, plan

QUOTED = ((-1.0, 100.00, 100.10),)
PRINTED = ((-0.5, 100.05),)
XYZ = Beside(
    plan(symbol="XYZ", target="200.00", trailing="1", max_hold=200),
    prints=[*PRINTED, *((second + 0.5, 101.0 + second / 10) for second in range(1, 80))],
    touches=QUOTED,
)
"""Its stop trails once a second: a command of another stock comes due in every second."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What happens to ABC, and its fills up to the first that is in question."""

    name: str
    fills: str
    plan: BracketPlan
    prints: Sequence[Print] = ()
    touches: Sequence[Touch] = ()
    halts: Sequence[Halt] = ()
    expected: Sequence[Filled]


SCENES = (
    Scene(
        name="a print that makes the quote stale fills a limit there and then",
        fills="base",
        plan=plan(limit="100.05"),
        prints=[(1.5, 100.05)],
        expected=[("entry", Decimal("100.05"), 1.5)],
    ),
    Scene(
        name="an exit that arrived in a halt waits for its own market after it",
        fills="base",
        plan=plan(),
        prints=[(60, 100.40)],
        touches=[(60, 100.30, 100.40), (75, 99.00, 99.10)],
        halts=[(61.02, "halt"), (70.02, "resume")],
        expected=[("entry", Decimal("100.10"), 0.30), ("take_profit", Decimal("99.00"), 75)],
    ),
    Scene(
        name="what is quoted in a halt is nobody's price after it",
        fills="optimistic",
        plan=plan(),
        touches=[(12, 103.00, 103.10), (40, 103.00, 103.10)],
        halts=[(5, "halt"), (20, "resume")],
        expected=[("entry", Decimal("100.10"), 0.25), ("take_profit", Decimal("103.00"), 40)],
    ),
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
@pytest.mark.parametrize("beside", [None, XYZ], ids=["alone", "beside XYZ"])
def test_a_limit_fills_on_its_own_market_alone(scene: Scene, beside: Beside | None) -> None:
    facts = act(
        scene.plan,
        fills=scene.fills,
        prints=[*PRINTED, *scene.prints],
        touches=[*QUOTED, *scene.touches],
        halts=scene.halts,
        beside=beside,
    )

    own = [fact for fact in facts if fact.correlation_id == scene.plan.trade_id]
    assert filled(own)[: len(scene.expected)] == scene.expected
    if beside is not None:
        assert len(payloads(facts, OrderUpdated)) > 20


@pytest.mark.parametrize("own_first", [True, False])
def test_an_order_meets_the_whole_market_of_the_instant_at_which_it_arrives(
    *, own_first: bool
) -> None:
    abc, xyz = (
        Beside(plan(symbol=name), PRINTED, [*QUOTED, (0.30, bid, bid + 0.10)])
        for name, bid in (("ABC", 100.40), ("XYZ", 100.20))
    )
    first, second = (abc, xyz) if own_first else (xyz, abc)
    facts = act(first.plan, prints=PRINTED, touches=first.touches, beside=second, until=2)

    paid = {
        each.plan.symbol: filled([f for f in facts if f.correlation_id == each.plan.trade_id])
        for each in (abc, xyz)
    }
    assert paid == {
        "ABC": [("entry", Decimal("100.50"), 0.30)],
        "XYZ": [("entry", Decimal("100.30"), 0.30)],
    }
