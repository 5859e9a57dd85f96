"""Several strategies in one run: books that add up, both engines alike, failures as facts."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from app.strategies import Hosted, hosted
from catalog import Catalog
from engine.accounting import PROJECTIONS, keep_accounts
from engine.domain.commands import SetWeights, SwitchStrategy
from engine.domain.ensemble import Ensemble
from engine.domain.facts import (
    BracketPlanned,
    CommandRefused,
    EnsembleChanged,
    Member,
    TradeClosed,
    TradeOpened,
)
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.runtime import Engine
from engine.signals.whole_tape.signals import Signals
from engine.signals.whole_tape.tape import Tape
from tests.runtime.conftest import SYNTHETIC_DAY
from tests.runtime.runs import EAGER, Ran, run
from tests.runtime.test_commands import given
from tests.signals.shown_strategies import Breakout
from tests.strategies import misbehaving

THREE = ("acceleration", "reversion", "opening_range")


def played(market: Catalog, asked: Hosted, engine: Engine, *settings: str) -> Ran:
    return run(
        market,
        [SYNTHETIC_DAY],
        engine,
        settings=[*EAGER, *settings],
        strategies=asked.strategies,
        ensemble=asked.ensemble,
    )


def planned(ran: Ran) -> list[BracketPlanned]:
    return [fact.payload for fact in ran.facts if isinstance(fact.payload, BracketPlanned)]


@pytest.mark.parametrize("rule", ["any", "weighted"])
def test_three_strategies_trade_alike_in_both_engines_and_their_books_add_up(
    small: Catalog, rule: str
) -> None:
    settings = f"ensemble_rule={rule}", "ensemble_threshold=0.1"
    asked = hosted(THREE, {"reversion": 2.0})
    pruned = played(small, asked, Engine.PRUNED, *settings)
    full = played(small, asked, Engine.FULL, *settings)

    owners = {plan.strategy_id for plan in planned(pruned)}
    assert len(owners) >= 2
    assert pruned.outcome.decision_digest == full.outcome.decision_digest
    assert pruned.outcome.fill_digest == full.outcome.fill_digest

    accounts = keep_accounts(pruned.facts)
    parts = list(PROJECTIONS["strategy_pnl"].rows(accounts))
    earned = sum((trade.realized_pnl or 0 for trade in accounts.books().trades), Decimal(0))
    assert earned
    assert sum((part.realized_pnl or 0 for part in parts), Decimal(0)) == earned
    for plan in planned(pruned):
        assert plan.contributions[0].strategy_id == plan.strategy_id
        assert plan.ensemble_rule == rule
    (first,) = [f.payload for f in pruned.facts if isinstance(f.payload, EnsembleChanged)]
    assert [member.weight for member in first.members] == [0.25, 0.5, 0.25]


def test_acceleration_with_a_weight_is_acceleration_alone(synthetic: Catalog) -> None:
    alone = run(synthetic, [SYNTHETIC_DAY])
    weighed = played(synthetic, hosted(["acceleration"], {"acceleration": 7}), Engine.PRUNED)
    assert planned(alone)
    assert weighed.facts == alone.facts


def test_a_strategys_own_bracket_holds_for_its_trades_alone(synthetic: Catalog) -> None:
    values = {"reversion.take_profit_percent": "2.0", "reversion.stop_loss_percent": 1.0}
    ran = played(synthetic, hosted(["acceleration", "reversion"], values=values), Engine.PRUNED)
    reach: dict[str, set[bool]] = {"acceleration": set(), "reversion": set()}
    for plan in planned(ran):
        share = abs(plan.take_profit / plan.reference_price - 1)
        reach[plan.strategy_id].add(share > Decimal("0.015"))
    assert reach == {"acceleration": {False}, "reversion": {True}}


class Failing(Breakout):
    """Works until half past ten."""

    strategy_id = "failing"

    def signals(self, tape: Tape) -> Signals:
        """Say it, or fail."""
        if tape.bucket > 720:
            raise RuntimeError("it is late")
        return super().signals(tape)


class Endless(Breakout):
    """Says that everything is infinitely good."""

    strategy_id = "endless"

    def signals(self, tape: Tape) -> Signals:
        """Say it."""
        return Signals(np.ones(len(tape)), np.full(len(tape), np.inf))


def test_a_strategy_that_fails_is_switched_off_by_a_fact(small: Catalog) -> None:
    good = hosted(THREE)
    members = [
        *good.ensemble.members,
        *(
            good.ensemble.members[0].__class__(name, "", 0.2, is_on=True, parameters={}, bracket={})
            for name in ("failing", "endless")
        ),
    ]
    ensemble = good.ensemble.__class__(1, tuple(members))
    asked = Hosted((*good.strategies, Failing(), Endless()), ensemble)
    ran, full = (played(small, asked, engine) for engine in (Engine.PRUNED, Engine.FULL))
    assert ran.outcome.decision_digest == full.outcome.decision_digest
    assert ran.outcome.fill_digest == full.outcome.fill_digest

    changes = [fact.payload for fact in ran.facts if isinstance(fact.payload, EnsembleChanged)]
    assert [change.version for change in changes] == [1, 2, 3]
    because = [change.because for change in changes[1:]]
    assert "endless is switched off: the score of a qualified signal is inf" in because
    assert "failing is switched off: RuntimeError: it is late" in because
    on = {member.strategy_id for member in changes[-1].members if member.is_on}
    assert on == {*THREE}
    last = max(plan.candidate_ts for plan in planned(ran))
    assert last > changes[-1].effective_ns
    assert all(
        plan.strategy_id in THREE
        for plan in planned(ran)
        if plan.candidate_ts >= changes[-1].effective_ns
    )
    assert Parameters().ensemble_rule == "any"


def test_strategies_are_switched_and_weighed_while_a_run_goes_on(synthetic: Catalog) -> None:
    hours = session(SYNTHETIC_DAY)
    off, on, weigh = (hours.at(clock) + 1 for clock in ("10:30", "12:00", "13:00"))
    commands = given(
        (off, SwitchStrategy("reversion", is_on=False)),
        (off + 1, SwitchStrategy("reversion", is_on=False)),
        (off + 2, SwitchStrategy("reversoin", is_on=False)),
        (on, SwitchStrategy("reversion", is_on=True)),
        (weigh, SetWeights({"acceleration": 0, "opening_range": 0})),
        (weigh + 1, SetWeights({"acceleration": 0, "reversion": 0, "opening_range": 0})),
        (weigh + 2, SetWeights({"acceleration": 0, "opening_range": 0})),
    )
    asked = hosted(THREE, values={"reversion.min_distance": 2.0})
    ran = run(
        synthetic,
        [SYNTHETIC_DAY],
        settings=[*EAGER, "max_trades_per_day=80"],
        strategies=asked.strategies,
        ensemble=asked.ensemble,
        attendant=commands,
    )

    facts = [fact.payload for fact in ran.facts]
    refused = {fact.command_id: fact.reason for fact in facts if isinstance(fact, CommandRefused)}
    assert refused.keys() == {"c1", "c2", "c5", "c6"}
    assert refused["c1"] == "already_so: reversion is off"
    assert "no strategy reversoin; it has acceleration, reversion" in refused["c2"]
    assert refused["c5"].startswith("wrong_weight: ")
    assert refused["c6"].startswith("already_so: ")

    changes = [fact for fact in facts if isinstance(fact, EnsembleChanged)]
    assert [change.version for change in changes] == [1, 2, 3, 4]
    assert [change.who for change in changes] == ["start", "ann", "ann", "ann"]
    width = 5 * 10**9
    assert [change.effective_ns for change in changes[1:]] == [
        hours.at(clock) + width for clock in ("10:30", "12:00", "13:00")
    ]
    assert [member.weight for member in changes[-1].members] == [0, 1, 0]

    by_reversion = [p.candidate_ts for p in planned(ran) if p.strategy_id == "reversion"]
    assert [ts for ts in by_reversion if ts < changes[1].effective_ns]
    assert not [
        ts for ts in by_reversion if changes[1].effective_ns <= ts < changes[2].effective_ns
    ]
    assert [ts for ts in by_reversion if ts >= changes[2].effective_ns]
    for plan in planned(ran):
        weight = plan.contributions[0].weight
        held = [change for change in changes[1:] if change.effective_ns <= plan.candidate_ts]
        on_by_then = 2 if len(held) == 1 else 3
        assert weight == pytest.approx(
            1 / on_by_then if len(held) < 3 else float(plan.strategy_id == "reversion")
        )


def test_one_that_went_wrong_is_not_switched_on_again(synthetic: Catalog) -> None:
    good = hosted(["reversion"])
    failing = Member("failing", "", 1.0, is_on=True, parameters={}, bracket={})
    asked = Ensemble(1, (*good.ensemble.members, failing))
    late = session(SYNTHETIC_DAY).at("15:00")
    ran = run(
        synthetic,
        [SYNTHETIC_DAY],
        strategies=(*good.strategies, Failing()),
        ensemble=asked,
        attendant=given((late, SwitchStrategy("failing", is_on=True))),
    )
    (refused,) = [f.payload for f in ran.facts if isinstance(f.payload, CommandRefused)]
    assert refused.reason.startswith("strategy_failed: failing went wrong")


def test_strangers_that_end_their_processes_end_nothing_else(synthetic: Catalog) -> None:
    bad = "exits", "leaves_its_trade"
    names = [f"{misbehaving.__name__}:{each}" for each in ("Exits", "LeavesItsTrade")]
    asked = hosted(["acceleration", *names])
    runs = [
        run(
            synthetic,
            [SYNTHETIC_DAY],
            engine,
            strategies=asked.strategies,
            ensemble=asked.ensemble,
            make_source=asked.make_source(None),
        )
        for asked, engine in (
            (asked, Engine.PRUNED),
            (hosted(["acceleration", *names]), Engine.FULL),
        )
    ]
    assert len({ran.outcome.decision_digest for ran in runs}) == 1
    for ran in runs:
        changes = [fact.payload for fact in ran.facts if isinstance(fact.payload, EnsembleChanged)]
        assert {change.because for change in changes[1:]} == {
            "exits is switched off: its process ended with exit code 3",
            "leaves_its_trade is switched off: its process ended with exit code 6",
        }
        last = changes[-1].effective_ns
        assert max(plan.candidate_ts for plan in planned(ran)) > last
        opened = {plan.trade_id for plan in planned(ran) if plan.strategy_id in bad}
        closed = {f.correlation_id for f in ran.facts if isinstance(f.payload, TradeClosed)}
        started = {f.correlation_id for f in ran.facts if isinstance(f.payload, TradeOpened)}
        assert opened & started
        assert opened & started <= closed
