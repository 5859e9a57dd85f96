"""Candidates of a run that came to nothing: stopped by one gate, or refused by its hub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from app.runs.explain.gate_checks import GateCheck, gate_checks
from app.runs.signals.ensembles import RunEnsembles
from engine.accounting import Rejection
from engine.domain.account import ACCELERATION
from engine.domain.candidate import Feature, Phase, Side
from engine.domain.fixed_point import PRICE_SCALE
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import session
from engine.signals import ScanResult

_NAN = float("nan")


class DayOfCandidates:
    """What the strategies of a run said on one day, and what its hub made of it.

    Parameters
    ----------
    names : collection of str
        The strategies that are asked about.
    result : ScanResult, optional
        Of the compiled scanner over the day; needed for its own candidates alone.
    signals : pa.Table, optional
        Candidates of the other strategies, ``signal_tables.SIGNALS``.
    verdicts : pa.Table, optional
        Of the run.
    known_ns : int
        Until when the day is known, UTC ns.
    """

    def __init__(
        self,
        day: date,
        names: Collection[str],
        ensembles: RunEnsembles,
        history: ParameterHistory,
        result: ScanResult | None,
        signals: pa.Table | None,
        verdicts: pa.Table | None,
        known_ns: int,
    ) -> None:
        hours = session(day)
        on_day = (pc.field("ts_event") > hours.open_ns) & (pc.field("ts_event") <= hours.close_ns)
        self._names = names
        self._ensembles = ensembles
        self._history = history
        by_gates = result if ACCELERATION in names else None
        self._near = [] if by_gates is None else by_gates.near_misses.to_pylist()
        self._candidates = [] if by_gates is None else by_gates.candidates.to_pylist()
        self._signals = [] if signals is None else signals.filter(on_day).to_pylist()
        self._known_ns = known_ns
        rows = [] if verdicts is None else verdicts.filter(on_day).to_pylist()
        self._verdicts = [row for row in rows if _owner(row) in names]

    def rejections(self) -> list[Rejection]:
        """Return everything that was rejected, in order of time and symbol."""
        found = (*self._at_gates(), *self._at_hub(), *self._signals_at_hub())
        known = (each for each in found if each.ts_init <= self._known_ns)
        return sorted(known, key=lambda each: (each.ts_init, each.symbol))

    def raised(self) -> Counter[str]:
        """Return how many candidates each strategy raised while it was on."""
        return Counter(
            name
            for row in (*self._candidates, *self._signals)
            if (name := _owner(row)) in self._names
            and row["phase"] == Phase.RAISED
            and row["ts_init"] <= self._known_ns
            and self._ensembles.at(row["ts_event"]).is_on(name)
        )

    def approved(self) -> Counter[str]:
        """Return how many candidates of each strategy were approved."""
        return Counter(_owner(row) for row in self._verdicts if row["approved"])

    def stopped(self) -> Counter[tuple[str, str]]:
        """Return how often what stopped candidates, by strategy and by gate or reason."""
        refused = ((_owner(row), row["reason"]) for row in self._verdicts if not row["approved"])
        near = ((each.strategy_id, each.stopped_by) for each in self._at_gates())
        return Counter((*near, *refused))

    def _at_gates(self) -> Iterator[Rejection]:
        """Yield the buckets that exactly one gate of the compiled scanner rejected."""
        for row in self._near:
            if not self._ensembles.at(row["ts_event"]).is_on(ACCELERATION):
                continue
            checks = gate_checks(row, self._history.at(row["ts_event"]))
            (failed,) = (check for check in checks if not check.passed)
            yield _at_gate(row, checks, failed.gate, failed.in_words)

    def _at_hub(self) -> Iterator[Rejection]:
        """Yield the candidates of the compiled scanner that the run's hub refused."""
        refused = self._refused({ACCELERATION})
        for row in self._candidates:
            verdict = refused.get((ACCELERATION, row["symbol"], row["ts_event"]))
            if verdict is not None and row["qualified"]:
                checks = gate_checks(row, self._history.at(row["ts_event"]))
                yield _at_gate(row, checks, verdict["reason"], verdict["detail"])

    def _signals_at_hub(self) -> Iterator[Rejection]:
        """Yield the candidates of strategies over the tape that the run's hub refused."""
        refused = self._refused({*self._names} - {ACCELERATION})
        for row in self._signals:
            verdict = refused.get((row["strategy_id"], row["symbol"], row["ts_event"]))
            if verdict is not None and row["qualified"]:
                features = tuple(Feature(**each) for each in row["features"])
                stopped = verdict["reason"], verdict["detail"]
                yield _rejection(row, row["strategy_id"], row["score"], features, *stopped)

    def _refused(self, names: Collection[str]) -> dict[tuple[str, str, int], dict[str, Any]]:
        return {
            (_owner(row), row["symbol"], row["ts_event"]): row
            for row in self._verdicts
            if not row["approved"] and _owner(row) in names
        }


def _owner(row: dict[str, Any]) -> str:
    """Return whose candidate or verdict a row is: the compiled scanner's rows do not say."""
    return str(row.get("strategy_id", ACCELERATION))


def _at_gate(
    row: dict[str, Any], checks: tuple[GateCheck, ...], stopped_by: str, detail: str
) -> Rejection:
    features = tuple(
        Feature(each.gate, _NAN if each.value is None else each.value, each.threshold, each.passed)
        for each in checks
    )
    return _rejection(row, ACCELERATION, abs(row["ac_z"]), features, stopped_by, detail)


def _rejection(
    row: dict[str, Any],
    strategy_id: str,
    score: float,
    features: tuple[Feature, ...],
    stopped_by: str,
    detail: str,
) -> Rejection:
    return Rejection(
        symbol=row["symbol"],
        side=Side(row["side"]),
        ts_event=row["ts_event"],
        ts_init=row["ts_init"],
        price=int(row["last"] * PRICE_SCALE),
        strategy_id=strategy_id,
        score=score,
        stopped_by=stopped_by,
        detail=detail,
        features=features,
    )
