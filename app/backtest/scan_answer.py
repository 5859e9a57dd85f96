"""A scan's candidates as they are told: the strongest first, with counts and digest."""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow.compute as pc

from catalog.warnings import DayWarning
from engine.domain.candidate import Phase, StrategyFailure
from engine.signals import ScanResult
from engine.signals.tables import told_rows

_SIGNAL_COLUMNS = (
    "strategy_id", "symbol", "side", "ts_event", "score", "strength", "last", "volume", "notional",
    "features",
)  # fmt: skip
_COLUMNS = ("symbol", "side", "ts_event", "ac_z", "ao", "ac", "last", "volume", "run_notional")


class GateCount(msgspec.Struct, frozen=True):
    """How many judged buckets passed a gate, and how many only that gate stopped."""

    passed: int
    alone: int


class StrategyAnswer(msgspec.Struct, frozen=True):
    """What another strategy than the compiled one raised; ``top`` are rows by ``score``."""

    candidates: int
    top: list[dict[str, Any]]


class ScanAnswer(msgspec.Struct, frozen=True):
    """What a scan found; ``top`` are rows of the candidates raised, by ``ac_z``."""

    date: str
    letters: tuple[str, ...]
    params_hash: str
    digest: str
    candidates: int
    near_misses: int
    judged: int
    gates: dict[str, GateCount]
    quality: dict[str, int]
    timings: dict[str, float]
    top: list[dict[str, Any]]
    strategies: dict[str, StrategyAnswer]
    failures: tuple[StrategyFailure, ...]
    warnings: tuple[DayWarning, ...] = ()


def scan_answer(result: ScanResult, top: int, warnings: tuple[DayWarning, ...] = ()) -> ScanAnswer:
    """Return a scan with its ``top`` raised candidates, and what is doubtful about its data."""
    raised = result.candidates.filter(pc.field("phase") == pc.scalar(str(Phase.RAISED)))
    first = raised.sort_by([("ac_z", "descending"), ("symbol", "ascending")]).slice(0, top)
    return ScanAnswer(
        date=result.day.isoformat(),
        letters=tuple(result.letters),
        params_hash=result.params.params_hash(),
        digest=result.digest(),
        candidates=len(raised),
        near_misses=len(result.near_misses),
        judged=result.judged,
        gates={
            gate.name.lower(): GateCount(count.passed, count.alone)
            for gate, count in result.funnel().items()
        },
        quality=result.quality,
        timings=result.timings,
        top=told_rows(first.select(_COLUMNS)),
        strategies=_of_strategies(result, top),
        failures=result.failures,
        warnings=warnings,
    )


def _of_strategies(result: ScanResult, top: int) -> dict[str, StrategyAnswer]:
    if result.signals is None:
        return {}
    raised = result.signals.filter(pc.field("phase") == pc.scalar(str(Phase.RAISED)))
    by_score = raised.sort_by([("score", "descending"), ("symbol", "ascending")])
    rows = told_rows(by_score.select(_SIGNAL_COLUMNS))
    return {
        name: StrategyAnswer(
            candidates=sum(row["strategy_id"] == name for row in rows),
            top=[row for row in rows if row["strategy_id"] == name][:top],
        )
        for name in dict.fromkeys(row["strategy_id"] for row in rows)
    }
