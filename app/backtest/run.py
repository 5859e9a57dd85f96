"""One backtest from its request to a sealed run directory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from app.backtest.asked_data import asked_data
from app.backtest.by_strategy import by_strategy
from app.backtest.day_scans import DayScans
from app.backtest.report import run_tables, run_view
from app.clock import new_york
from app.redaction import redacted
from app.runs.bounds import AskedMarket, record_run_ended, record_run_started
from app.strategies import Hosted, hosted
from catalog import Catalog
from engine.accounting import Accounts, keep_accounts, performance
from engine.domain.ensemble import ACCELERATION_ALONE, ENGINE
from engine.domain.facts import EnsembleChanged, Fact, ParamsChanged
from engine.domain.market_data.recorded import letters_read
from engine.domain.markets.fill_assumptions import FILL_ASSUMPTIONS
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import session
from engine.hub import DayOutcome, Outcome
from engine.journal import JournalWriter, MemoryJournal
from engine.runtime import Engine, Stage, run_backtest
from engine.signals import ScanResult
from reports import RunView, write_html
from store import Run, RunLabels, RunPlan, RunStatus, RunStore, code_hash, days_hash, engine_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked for; ``days`` are stored trading days, ascending."""

    days: tuple[date, ...]
    params: Parameters
    changes: tuple[ParamsChanged, ...]
    engine: str
    fills: str
    ladder: bool
    balance: Decimal
    letters: tuple[str, ...]
    symbols: tuple[str, ...]
    workers: int
    refresh: bool
    catalog: str
    hosted: Hosted = field(default_factory=hosted)
    labels: RunLabels = field(default_factory=RunLabels)

    @property
    def history(self) -> ParameterHistory:
        """The versions of the parameters that the run lives through."""
        return ParameterHistory(self.params, self.changes)


def backtest_run(
    catalog: Catalog, runs: Path, request: Request, progress: Callable[[float, float], None]
) -> tuple[Run, RunView]:
    """Run a backtest; return its sealed run directory and what its report shows.

    Interrupted, it returns what was done so far under status ``Interrupted``. Raises as
    ``engine.runtime.run_backtest`` and ``store.RunStore.start`` do, ``KeyboardInterrupt`` when
    nothing was done yet; the directory says so.
    """
    request.hosted.expect_fit(request.params)
    warnings = asked_data(catalog, request.days, request.letters, request.symbols)
    started = time.perf_counter()
    scans = DayScans(catalog, request.workers, refresh=request.refresh)
    with RunStore(runs).start(_plan(catalog, request), request.labels) as run:
        _record_run_started(run.journal, run.run_id, request)

        def on_day(played: DayOutcome) -> None:
            scans.account(_scan_of(scans, catalog, played.day, request))

        outcome = _play(catalog, request, request.fills, run.journal, scans, progress, on_day)
        if not outcome.days:
            raise KeyboardInterrupt
        record_run_ended(run.journal, outcome)
        accounts = keep_accounts(run.journal.facts())
        tables = run_tables(accounts, outcome.days, scans)
        for name, table in tables.items():
            run.write_table(name, table)
        metrics = _metrics(accounts, outcome)
        ladder = {request.fills: metrics}
        if request.ladder and outcome.status == RunStatus.ENDED:
            ladder = _ladder(catalog, request, scans, metrics)
        timings = outcome.timings | {"total": time.perf_counter() - started}
        is_whole = outcome.status == RunStatus.ENDED
        parts = by_strategy(request.hosted.names, scans.raised, accounts)
        notes = [] if is_whole else [f"interrupted on {outcome.days[-1].day}"]
        notes += _failures(run.journal.facts())
        ended: dict[str, Any] = {
            "status": RunStatus(outcome.status),
            "note": "; ".join(notes),
            "decision_digest": outcome.decision_digest if is_whole else None,
            "fill_digest": outcome.fill_digest if is_whole else None,
            "strategies": msgspec.to_builtins(parts),
            "weights": {each.strategy_id: each.weight for each in request.hosted.ensemble.members},
            "counts": {
                "candidates": sum(part.candidates for part in parts.values()),
                "orders": outcome.orders,
                "trades": len(outcome.trades),
            },
            "metrics": metrics,
            "quality": scans.quality,
            "warnings": tuple(each.message for each in warnings),
            "timings": timings,
            "ladder": [{"fills": fills, **figures} for fills, figures in ladder.items()],
        }
        integrity = run.journal.stored.integrity()
        manifest = msgspec.to_builtins(run.manifest) | ended
        manifest["journal"] = f"{integrity.standing}, {integrity.seq} facts, {integrity.hash}"
        view = run_view(manifest, tables, scans, catalog, request.history, timings, ladder)
        write_html(view, run.report)
        run.finish(**ended)
    return run, view


def _failures(facts: Iterable[Fact]) -> Iterator[str]:
    """Yield which strategies were switched off because they went wrong, and why."""
    for fact in facts:
        match fact.payload:
            case EnsembleChanged() as change if change.who == ENGINE:
                yield f"{new_york(fact.ts_event)}: {change.because}"
            case _:
                pass


def _plan(catalog: Catalog, request: Request) -> RunPlan:
    ensemble = request.hosted.ensemble
    letters = {
        day: letters_read(catalog, day, request.letters, request.symbols) for day in request.days
    }
    return RunPlan(
        start=request.days[0].isoformat(),
        end=request.days[-1].isoformat(),
        engine=request.engine,
        fills=request.fills,
        letters=request.letters,
        symbols=request.symbols,
        starting_balance=request.balance,
        params=request.params.model_dump(mode="json"),
        params_hash=request.params.params_hash(),
        data_hash=days_hash(catalog.data_hash(day, read) for day, read in letters.items()),
        code_hash=code_hash(),
        engine_version=engine_version(),
        catalog=redacted(request.catalog),
        ensemble=() if ensemble == ACCELERATION_ALONE else ensemble.members,
    )


def _record_run_started(journal: JournalWriter, run_id: str, request: Request) -> None:
    record_run_started(
        journal,
        run_id,
        request.days[0],
        request.params,
        request.fills,
        request.balance,
        asked=AskedMarket(request.catalog, request.letters, request.symbols),
        strategies=request.hosted.names,
    )


def _play(
    catalog: Catalog,
    request: Request,
    fills: str,
    journal: JournalWriter,
    scans: DayScans,
    progress: Callable[[float, float], None] = lambda _done, _total: None,
    on_day: Callable[[DayOutcome], None] | None = None,
) -> Outcome:
    share = 100 / len(request.days)
    done = {day: k * share for k, day in enumerate(request.days)}
    half = {Stage.SCAN: 0.0, Stage.REPLAY: 0.5}

    def on_progress(day: date, stage: Stage, of_stage: float) -> None:
        progress(done[day] + share * (half[stage] + of_stage / 2), 100)

    return run_backtest(
        catalog,
        request.days,
        request.params,
        strategies=request.hosted.strategies,
        ensemble=request.hosted.ensemble,
        make_source=request.hosted.make_source(catalog),
        journal=journal,
        starting_balance=request.balance,
        engine=Engine(request.engine),
        fills=fills,
        letters=request.letters or None,
        symbols=request.symbols or None,
        changes=request.changes,
        scan=scans,
        on_progress=on_progress,
        on_day=on_day,
    )


def _scan_of(scans: DayScans, catalog: Catalog, day: date, request: Request) -> ScanResult:
    params, changes = request.history.shaping_day(session(day))
    return scans(
        catalog,
        day,
        params,
        letters=request.letters or None,
        symbols=request.symbols or None,
        changes=changes,
        progress=None,
    )


def _metrics(accounts: Accounts, outcome: Outcome) -> dict[str, Any]:
    equity = [point for day in outcome.days for point in day.equity]
    return performance(accounts.books(), equity=equity).figures()


def _ladder(
    catalog: Catalog, request: Request, scans: DayScans, metrics: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the metrics under every fill assumption, the run's own as they are."""
    figures: dict[str, dict[str, Any]] = {}
    for fills in FILL_ASSUMPTIONS:
        if fills == request.fills:
            figures[fills] = metrics
            continue
        journal = MemoryJournal()
        _record_run_started(journal, f"ladder-{fills}", request)
        outcome = _play(catalog, request, fills, journal, scans)
        figures[fills] = _metrics(keep_accounts(journal.facts()), outcome)
    return figures
