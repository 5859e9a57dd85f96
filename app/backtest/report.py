"""A finished run as the report room wants it."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
import pyarrow as pa

from app.backtest.day_scans import DayScans
from catalog import Catalog
from engine.accounting import PROJECTIONS, Accounts, EquityPoint
from engine.decision import Verdict
from engine.domain.parameter_versions import ParameterHistory, Stretch
from engine.domain.session import day_of, session
from engine.hub import DayOutcome
from engine.signals.bucket_series import bucket_series
from reports import RunView
from reports.funnel import gate_tallies, hub_stages, scan_stages
from reports.view import BUCKETS, VERDICTS, Rung, Timing
from store import arrow_table
from store.runs.run import RUN_TABLES

_SEES_ALL = ("scan", "total")
"""Stages whose time is spent on every print; the others touch few."""


def verdicts_table(verdicts: Iterable[Verdict]) -> pa.Table:
    """Return verdicts as a table of schema ``reports.view.VERDICTS``."""
    rows = [msgspec.to_builtins(verdict) for verdict in verdicts]
    return pa.Table.from_pylist(rows, VERDICTS)


def run_tables(
    accounts: Accounts, days: Sequence[DayOutcome], scans: DayScans
) -> dict[str, pa.Table]:
    """Return every table a run directory keeps, by name.

    The curve of equity is marked to market at each bucket, finer than facts can tell.
    """
    booked = {
        name: arrow_table(PROJECTIONS[name].row, PROJECTIONS[name].rows(accounts))
        for name in RUN_TABLES
    }
    return booked | {
        "equity": arrow_table(EquityPoint, (point for day in days for point in day.equity)),
        "verdicts": verdicts_table(verdict for day in days for verdict in day.verdicts),
        "candidates": scans.candidates(),
        "near_misses": scans.near_misses(),
        "breadth": scans.breadth(),
    }


def run_view(
    manifest: Mapping[str, Any],
    tables: Mapping[str, pa.Table],
    scans: DayScans,
    catalog: Catalog,
    history: ParameterHistory,
    timings: Mapping[str, float],
    ladder: Mapping[str, Mapping[str, Any]],
) -> RunView:
    """Return everything the report shows of a run."""
    prints = scans.quality["trades"]
    in_force = _lived_through(manifest, history)
    by_score = any(each.params.confidence_rule == "score" for each in in_force)
    hub = hub_stages(tables["verdicts"], tables["trades"], "score" if by_score else "all")
    return RunView(
        manifest=manifest,
        metrics=manifest["metrics"],
        trades=tables["trades"],
        fills=tables["fills"],
        equity=tables["equity"],
        verdicts=tables["verdicts"],
        candidates=tables["candidates"],
        buckets=_traded_buckets(tables["trades"], catalog, history),
        breadth=tables["breadth"],
        near=tables["near_misses"],
        funnel=[*scan_stages(scans.gate_counts), *hub],
        gates=gate_tallies(scans.gate_counts),
        params=in_force[0].params,
        changes=in_force[1:],
        ladder=[Rung(fills, metrics) for fills, metrics in ladder.items()],
        quality=scans.quality,
        timings=[
            Timing(stage, secs, prints if stage in _SEES_ALL else None)
            for stage, secs in timings.items()
        ],
        peak_memory_bytes=_peak_memory(),
    )


def _lived_through(manifest: Mapping[str, Any], history: ParameterHistory) -> tuple[Stretch, ...]:
    """Return the versions in force from the run's first bucket to its last, in order."""
    first, last = (session(date.fromisoformat(manifest[end])) for end in ("start", "end"))
    return history.over(first.pre_market_ns, last.close_ns)


def _traded_buckets(trades: pa.Table, catalog: Catalog, history: ParameterHistory) -> pa.Table:
    """Return every bucket of the symbols traded, on the days they were."""
    traded: dict[date, set[str]] = {}
    rows: list[dict[str, Any]] = trades.select(["symbol", "entry_ts"]).to_pylist()
    for row in rows:
        traded.setdefault(day_of(row["entry_ts"]), set()).add(row["symbol"])
    series = []
    for day, symbols in traded.items():
        params, changes = history.shaping_day(session(day))
        series.append(bucket_series(catalog, day, params, sorted(symbols), changes))
    return pa.concat_tables(series) if series else BUCKETS.empty_table()


def _peak_memory() -> int:
    """Return this process's peak resident memory in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
