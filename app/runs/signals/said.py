"""What the strategies of a run said of one symbol at one bucket, and who owns its trade."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pyarrow.compute as pc

from app.figures import figure
from app.runs.explain.gate_checks import finite
from app.runs.kept_runs import Kept
from app.runs.signals.ensembles import RunEnsembles
from engine.domain.facts import BracketPlanned, Contribution, Fact
from store import rows_of


class FeatureCheck(msgspec.Struct, frozen=True):
    """A feature of a signal against its limit; ``value`` is None where it is unknown."""

    name: str
    value: float | None
    threshold: float
    passed: bool

    @property
    def in_words(self) -> str:
        """The answer as ``2.31 against 4``."""
        value = "unknown" if self.value is None else figure(self.value)
        return f"{value} against {figure(self.threshold)}"


class SignalSaid(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy's signal; ``score`` is in standard deviations of its own noise."""

    strategy_id: str
    side: int
    phase: str
    fade_reason: str | None
    qualified: bool
    score: float | None
    strength: float | None
    confidence: float | None
    features: tuple[FeatureCheck, ...]

    @property
    def in_words(self) -> str:
        """Who says what, and what stopped it."""
        failed = [f"{each.name} {each.in_words}" for each in self.features if not each.passed]
        if self.qualified:
            return f"{self.strategy_id}: every feature passed"
        if failed:
            return f"{self.strategy_id}: stopped by {'; '.join(failed)}"
        return f"{self.strategy_id}: {self.phase}, {self.fade_reason or 'not qualified'}"


class WeightInForce(msgspec.Struct, frozen=True):
    """A strategy of the run and its share among those that are on."""

    strategy_id: str
    weight: float


class RunSaid(msgspec.Struct, frozen=True):
    """What a run's facts and tables have on a symbol at a bucket.

    ``contributions`` are those of the trade planned there, its owner's first.
    """

    weights: tuple[WeightInForce, ...]
    signals: tuple[SignalSaid, ...]
    contributions: tuple[Contribution, ...]


def said_by_strategies(run: Kept, symbol: str, ts_event: int) -> RunSaid:
    """Return what the strategies of a run said of a symbol at the bucket that ends at an instant.

    Signals are known of runs that keep them: a backtest keeps what was raised, faded or qualified.
    """
    facts = list(run.journal()[0].facts())
    ensemble = RunEnsembles(facts).at(ts_event)
    return RunSaid(
        tuple(
            WeightInForce(each.strategy_id, ensemble.weight(each.strategy_id))
            for each in ensemble.on
        ),
        _signals(run, symbol, ts_event),
        _contributions(facts, symbol, ts_event),
    )


def _contributions(facts: Iterable[Fact], symbol: str, ts_event: int) -> tuple[Contribution, ...]:
    """Return who contributed to the trade that was planned on a symbol at a bucket."""
    found: tuple[Contribution, ...] = ()
    for fact in facts:
        match fact.payload:
            case BracketPlanned() as plan:
                if (plan.symbol, plan.candidate_ts) == (symbol, ts_event):
                    found = plan.contributions
            case _:
                pass
    return found


def _signals(run: Kept, symbol: str, ts_event: int) -> tuple[SignalSaid, ...]:
    table = run.table("strategy_signals")
    if table is None:
        return ()
    same = (pc.field("symbol") == symbol) & (pc.field("ts_event") == ts_event)
    return tuple(_signal(row) for row in rows_of(table.filter(same)))


def _signal(row: dict[str, Any]) -> SignalSaid:
    numbers = {
        name: None if row[name] is None else finite(row[name])
        for name in ("score", "strength", "confidence")
    }
    return SignalSaid(
        strategy_id=row["strategy_id"],
        side=row["side"],
        phase=row["phase"],
        fade_reason=row["fade_reason"],
        qualified=row["qualified"],
        features=tuple(
            FeatureCheck(
                each["name"],
                None if each["value"] is None else finite(each["value"]),
                each["threshold"],
                each["passed"],
            )
            for each in row["features"]
        ),
        **numbers,
    )
