"""Roof: a finished run as the report room wants it."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
import pyarrow as pa

from catalog import Catalog
from cli.day_scans import DayScans
from engine.accounting import PROJECTIONS, Accounts, EquityPoint
from engine.decision import Verdict
from engine.domain.parameters import Parameters
from engine.domain.session import day_of
from engine.runtime import DayOutcome
from engine.signals.bucket_series import bucket_series
from reports import RunView
from reports.funnel import gate_tallies, hub_stages, scan_stages
from reports.view import BUCKETS, VERDICTS, Rung, Timing
from store import arrow_table
from store.run import RUN_TABLES

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
    params: Parameters,
    timings: Mapping[str, float],
    ladder: Mapping[str, Mapping[str, Any]],
) -> RunView:
    """Return everything the report shows of a run."""
    prints = scans.quality["trades"]
    hub = hub_stages(tables["verdicts"], tables["trades"], params.confidence_rule)
    return RunView(
        manifest=manifest,
        metrics=manifest["metrics"],
        trades=tables["trades"],
        fills=tables["fills"],
        equity=tables["equity"],
        verdicts=tables["verdicts"],
        candidates=tables["candidates"],
        buckets=_traded_buckets(tables["trades"], catalog, params),
        breadth=tables["breadth"],
        near=tables["near_misses"],
        funnel=[*scan_stages(scans.gate_counts), *hub],
        gates=gate_tallies(scans.gate_counts),
        params=params,
        ladder=[Rung(fills, metrics) for fills, metrics in ladder.items()],
        quality=scans.quality,
        timings=[
            Timing(stage, secs, prints if stage in _SEES_ALL else None)
            for stage, secs in timings.items()
        ],
        peak_memory_bytes=_peak_memory(),
    )


def _traded_buckets(trades: pa.Table, catalog: Catalog, params: Parameters) -> pa.Table:
    """Return every bucket of the symbols traded, on the days they were."""
    traded: dict[date, set[str]] = {}
    rows: list[dict[str, Any]] = trades.select(["symbol", "entry_ts"]).to_pylist()
    for row in rows:
        traded.setdefault(day_of(row["entry_ts"]), set()).add(row["symbol"])
    series = [
        bucket_series(catalog, day, params, sorted(symbols)) for day, symbols in traded.items()
    ]
    return pa.concat_tables(series) if series else BUCKETS.empty_table()


def _peak_memory() -> int:
    """Return this process's peak resident memory in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
