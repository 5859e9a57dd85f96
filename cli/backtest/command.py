"""``tradectl backtest``: recorded days through the whole engine, and the report on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.doctor.preflight import Need, require_fit
from app.narrowing import parse_usd
from cli.terminal.day_options import (
    Engine,
    EngineName,
    Fills,
    FillsName,
    Refresh,
    ScanOptions,
)
from cli.terminal.options import (
    DEFAULT_BALANCE,
    DEFAULT_RUNS,
    Balance,
    RunsPath,
    RunTags,
    RunTitle,
)
from cli.terminal.output import INTERRUPTED, emit, say
from cli.terminal.progress import progress_bar
from cli.terminal.shared_options import taking
from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from datetime import date

    from catalog import Catalog
    from reports import RunView


@taking(ScanOptions)
def backtest(
    options: ScanOptions,
    day: Annotated[
        str | None, typer.Option("--date", help="One New York date; the last one by default.")
    ] = None,
    start: Annotated[str | None, typer.Option("--start", help="First of many dates.")] = None,
    end: Annotated[str | None, typer.Option("--end", help="Last of many dates.")] = None,
    engine: Engine = EngineName.PRUNED,
    fills: Fills = FillsName.BASE,
    ladder: Annotated[
        bool, typer.Option("--ladder", help="Report the other fill assumptions, too.")
    ] = False,
    balance: Balance = DEFAULT_BALANCE,
    refresh: Refresh = False,
    runs: RunsPath = DEFAULT_RUNS,
    name: RunTitle = None,
    tag: RunTags = None,
    params_schedule: Annotated[
        Path | None,
        typer.Option("--params-schedule", help="YAML list of changes: at, set, because."),
    ] = None,
) -> None:
    """Backtest recorded days and write a run directory with journal, tables and report.

    Example: tradectl backtest --date 2026-09-18 --set min_ac_z=3

    Example: tradectl backtest --strategy acceleration --strategy reversion --weight reversion=2
    """
    require_fit(Need.REPLAY)
    from app.backtest.run import Request, backtest_run
    from app.parameters.schedule import load_schedule
    from catalog import Catalog
    from reports import render_terminal
    from store import RunLabels, RunStatus

    parameters = options.parameters()
    source = Catalog.open(options.catalog)
    request = Request(
        days=tuple(_days(source, day, start, end)),
        params=parameters,
        changes=load_schedule(params_schedule, parameters, "backtest") if params_schedule else (),
        engine=engine.value,
        fills=fills.value,
        ladder=ladder,
        balance=parse_usd(balance),
        letters=options.only_letters,
        symbols=options.only_symbols,
        workers=options.workers,
        refresh=refresh,
        catalog=options.catalog,
        hosted=options.hosted(),
        labels=RunLabels.given(name, tag or ()),
    )
    with progress_bar("backtest", "%") as progress:
        run, view = backtest_run(source, Path(runs), request, progress)
    for warning in view.manifest["warnings"]:
        say(f"warning: {warning}")
    emit(
        _summary(view, str(run.report)),
        as_json=options.as_json,
        page=lambda console: render_terminal(view, console),
    )
    if not options.as_json:
        typer.echo(f"\nreport: {run.report}")
    if run.manifest.status is RunStatus.INTERRUPTED:
        raise typer.Exit(INTERRUPTED)


def _days(catalog: Catalog, day: str | None, start: str | None, end: str | None) -> list[date]:
    from app.backtest.stored_days import stored_day, stored_days

    if start or end:
        if day is not None:
            raise ConfigError(
                "--date is one day, --start and --end are many; give one or the other"
            )
        return stored_days(catalog, start, end, say)
    return [stored_day(catalog, day)]


def _summary(view: RunView, report: str) -> dict[str, Any]:
    manifest = view.manifest
    timings: dict[str, float | None] = {}
    for timing in view.timings:
        timings[f"{timing.stage}_secs"] = timing.seconds
        timings[f"{timing.stage}_trades_per_sec"] = timing.trades_per_sec
    return {
        "run_id": manifest["run_id"],
        "status": manifest["status"],
        "decision_digest": manifest["decision_digest"],
        "fill_digest": manifest["fill_digest"],
        **manifest["counts"],
        "note": manifest["note"],
        "strategies": manifest["strategies"],
        "metrics": view.metrics,
        "ladder": {assumed.fills: assumed.metrics for assumed in view.ladder},
        "quality": view.quality,
        "warnings": view.manifest["warnings"],
        "timings": timings,
        "peak_memory_bytes": view.peak_memory_bytes,
        "report": report,
    }
