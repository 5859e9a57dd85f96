"""The formulas of scale held against simulations of relay and hub at some loads."""

from __future__ import annotations

from benchmarks.hub_merge import merge_ms
from benchmarks.relay import relayed_at
from benchmarks.row import Row
from benchmarks.scale import Costs, relay_cores
from benchmarks.scale import merge_ms as merge_ms_by_formula

RATES = (50_000, 200_000, 400_000)
BUCKETS = ((26, 0), (26, 776), (676, 2_000))
_LEAST, _MOST = 0.6, 1.6
"""Between these shares of the formula a simulation agrees with it."""


def scale_checks() -> list[Row]:
    """Return a row for each load of each part."""
    costs = Costs()
    rows: list[Row] = []
    for rate in RATES:
        cores, received = relayed_at(rate)
        reached = received["rate"]
        what = f"scale: relay at {reached:,.0f} of {rate:,} rows/s to 26 receivers"
        rows.append(_row(what, cores, relay_cores(reached, costs), "core"))
    for slots, candidates in BUCKETS:
        found, size = merge_ms(slots, candidates)
        what = f"scale: hub takes {slots} slots, {candidates:,} candidates, {size:,} B a bucket"
        rows.append(_row(what, found, merge_ms_by_formula(slots, candidates, costs), "ms"))
    return rows


def _row(what: str, found: float, formula: float, unit: str) -> Row:
    ratio = found / formula
    figure = f"{found:.2f} {unit}, formula {formula:.2f}, {ratio:.2f} ×"
    return Row(what, figure, f"{_LEAST:g} to {_MOST:g} ×", _LEAST <= ratio <= _MOST)
