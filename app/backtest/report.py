"""A finished run as the report room wants it."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa

from app.backtest.day_scans import DayScans
from catalog import Catalog
from engine.accounting import PROJECTIONS, Accounts, EquityPoint
from engine.decision import Verdict
from engine.domain.account import ACCELERATION
from engine.domain.parameters.versions import ParameterHistory, Stretch
from engine.domain.session import day_of, session
from engine.hub import DayOutcome
from engine.signals.bucket_series import bucket_series
from reports import RunView
from reports.columns import flags, of_strategy
from reports.funnel import gate_tallies, hub_stages, scan_stages
from reports.view import BUCKETS, VERDICTS, Rung, StrategyPart, Timing
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
        "strategy_signals": scans.signals(),
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
    weights: dict[str, float] = manifest["weights"]
    alone = tuple(weights) == (ACCELERATION,)
    verdicts, trades = tables["verdicts"], tables["trades"]
    if ACCELERATION in weights and not alone:
        verdicts, trades = (of_strategy(table, ACCELERATION) for table in (verdicts, trades))
    hub = hub_stages(verdicts, trades, "score" if by_score else "all")
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
        signals=tables["strategy_signals"],
        strategies=() if alone else _parts(manifest, tables),
        near=tables["near_misses"] if ACCELERATION in weights else None,
        funnel=[*(scan_stages(scans.gate_counts) if ACCELERATION in weights else ()), *hub],
        gates=gate_tallies(scans.gate_counts) if ACCELERATION in weights else (),
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


def _parts(manifest: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> list[StrategyPart]:
    """Return each strategy's part of a run, in order of precedence."""
    verdicts = tables["verdicts"]
    return [
        StrategyPart(
            strategy_id=name,
            weight=weight,
            candidates=manifest["strategies"][name]["candidates"],
            judged=len(own := of_strategy(verdicts, name)),
            approved=int(flags(own, "approved").sum()),
            trades=manifest["strategies"][name]["trades"],
            net_pnl=Decimal(manifest["strategies"][name]["net_pnl"]),
        )
        for name, weight in manifest["weights"].items()
    ]


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
