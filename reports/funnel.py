"""The scanner's counts and the hub's verdicts as one funnel."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.decision import RefusalReason
from engine.domain.candidate import ALL_GATES, Gate
from reports.checks import flat_checks
from reports.columns import flags, integers, strings
from reports.view import NEAR, GateTally, Stage, StageKind


def scan_stages(gate_counts: NDArray[np.int64]) -> list[Stage]:
    """Return the scanner's part of the funnel: what is left after each gate, in ``Gate`` order.

    Parameters
    ----------
    gate_counts : int64 array, shape (2 ** n_gates,)
        ``ScanResult.gate_counts``, summed over the days of the run.
    """
    bits = np.arange(len(gate_counts))
    stages = [Stage("symbol-buckets with an ao", int(gate_counts.sum()), StageKind.TAPE)]
    needed = 0
    for gate in Gate:
        needed |= 1 << gate
        left = int(gate_counts[bits & needed == needed].sum())
        stages.append(Stage(gate.name.lower(), left, StageKind.GATE))
    return stages


def hub_stages(verdicts: pa.Table, trades: pa.Table, rule: str) -> list[Stage]:
    """Return the hub's part of the funnel; tables as in ``RunView``.

    Under ``confidence_rule`` all, each confidence filter keeps the verdicts that neither it nor one
    before it stopped; under score no filter stops alone, and all of them are one stage. A verdict
    without checks was refused before confidence was asked.
    """
    checks = flat_checks(verdicts)
    alive = np.zeros(verdicts.num_rows, dtype=bool)
    alive[checks.verdict] = True
    stages = [
        Stage("judged", verdicts.num_rows, StageKind.HUB),
        Stage("entries open", int(alive.sum()), StageKind.HUB),
    ]
    if rule == "score":
        reasons = strings(verdicts, "reason")
        alive &= np.array([reason != RefusalReason.NOT_CONFIDENT for reason in reasons], dtype=bool)
        stages.append(Stage("confident", int(alive.sum()), StageKind.FILTER))
    for name in checks.names() if rule != "score" else ():
        own = checks.name == name
        if (checks.outcome[own] != "off").any():
            alive[checks.verdict[own & checks.stopped]] = False
            stages.append(Stage(name, int(alive.sum()), StageKind.FILTER))
    approved = int(flags(verdicts, "approved").sum())
    return [
        *stages,
        Stage("selected and planned", approved, StageKind.ORDER),
        Stage("filled", trades.num_rows, StageKind.ORDER),
    ]


def gate_tallies(gate_counts: NDArray[np.int64]) -> list[GateTally]:
    """Return what each gate did; ``gate_counts`` as in ``scan_stages``."""
    bits = np.arange(len(gate_counts))
    seen = int(gate_counts.sum())
    return [
        GateTally(
            gate.name.lower(),
            passed=int(gate_counts[(bits >> gate) & 1 == 1].sum()),
            seen=seen,
            sole_failures=int(gate_counts[ALL_GATES & ~(1 << gate)]),
        )
        for gate in Gate
    ]


def near_gate(candidates: pa.Table, near_misses: pa.Table) -> pa.Table:
    """Return the sample behind the noise floor, schema ``reports.view.NEAR``.

    Parameters
    ----------
    candidates, near_misses : table
        ``ScanResult.candidates`` and ``ScanResult.near_misses``; taken are qualified candidates
        and near misses that ``AC_Z`` alone stopped.
    """
    qualified = candidates.filter(pa.array(flags(candidates, "qualified")))
    stopped = integers(near_misses, "gates") == ALL_GATES & ~(1 << Gate.AC_Z)
    parts = (qualified, near_misses.filter(pa.array(stopped)))
    return pa.concat_tables([part.select(NEAR.names).cast(NEAR) for part in parts])
