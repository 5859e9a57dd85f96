"""``tradectl backtest``: recorded days through the whole engine, and the report on them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.clock import parse_day
from app.doctor.preflight import Need, require_fit
from cli.terminal.narrowing import (
    Letters,
    Symbols,
    Workers,
    parse_letters,
    parse_symbols,
)
from cli.terminal.options import (
    DEFAULT_BALANCE,
    DEFAULT_CATALOG,
    DEFAULT_RUNS,
    AsJson,
    Balance,
    CatalogPath,
    ParamsFile,
    RunsPath,
    SetParams,
)
from cli.terminal.output import INTERRUPTED, command, emit, progress_console
from cli.terminal.progress import progress_bar
from engine.domain.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from datetime import date

    from catalog import Catalog
    from reports import RunView


_CENT = Decimal("0.01")
_MOST_USD = 1_000_000_000_000


class EngineName(StrEnum):
    """Engines by the name they are asked for."""

    PRUNED = "pruned"
    FULL = "full"


class FillsName(StrEnum):
    """Steps of the fill assumptions by the name they are asked for."""

    OPTIMISTIC = "optimistic"
    BASE = "base"
    PESSIMISTIC = "pessimistic"


@command
def backtest(
    day: Annotated[
        str | None, typer.Option("--date", help="One New York date; the last one by default.")
    ] = None,
    start: Annotated[str | None, typer.Option("--start", help="First of many dates.")] = None,
    end: Annotated[str | None, typer.Option("--end", help="Last of many dates.")] = None,
    engine: Annotated[
        EngineName,
        typer.Option("--engine", help="full replays every tick; pruned gives the same, sooner."),
    ] = EngineName.PRUNED,
    fills: Annotated[
        FillsName, typer.Option("--fills", help="What to assume about fills.")
    ] = FillsName.BASE,
    ladder: Annotated[
        bool, typer.Option("--ladder", help="Report the other fill assumptions, too.")
    ] = False,
    balance: Balance = DEFAULT_BALANCE,
    letters: Letters = None,
    symbols: Symbols = None,
    workers: Workers = 2,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Scan again even if the same scan is kept.")
    ] = False,
    catalog: CatalogPath = DEFAULT_CATALOG,
    runs: RunsPath = DEFAULT_RUNS,
    params: ParamsFile = None,
    set_params: SetParams = None,
    params_schedule: Annotated[
        Path | None,
        typer.Option("--params-schedule", help="YAML list of changes: at, set, because."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Backtest recorded days and write a run directory with journal, tables and report."""
    require_fit(Need.REPLAY)
    from app.backtest.run import Request, backtest_run
    from app.parameters.file import load_parameters
    from app.parameters.schedule import load_schedule
    from catalog import Catalog
    from reports import render_terminal
    from store import RunStatus

    parameters = load_parameters(params, set_params)
    source = Catalog.open(catalog)
    request = Request(
        days=tuple(stored_days(source, day, start, end)),
        params=parameters,
        changes=load_schedule(params_schedule, parameters, "backtest") if params_schedule else (),
        engine=engine.value,
        fills=fills.value,
        ladder=ladder,
        balance=usd(balance),
        letters=parse_letters(letters),
        symbols=parse_symbols(symbols),
        workers=workers,
        refresh=refresh,
        catalog=catalog,
    )
    with progress_bar("backtest", "%") as progress:
        run, view = backtest_run(source, Path(runs), request, progress)
    emit(
        _summary(view, str(run.report)),
        as_json=as_json,
        page=lambda console: render_terminal(view, console),
    )
    if not as_json:
        typer.echo(f"\nreport: {run.report}")
    if run.manifest.status is RunStatus.INTERRUPTED:
        raise typer.Exit(INTERRUPTED)


def stored_days(
    catalog: Catalog, day: str | None, start: str | None, end: str | None
) -> list[date]:
    """Return the stored trading days that were asked for."""
    from engine.domain.session import session, sessions

    if day is not None and (start or end):
        raise ConfigError("--date is one day, --start and --end are many; give one or the other")
    stored = catalog.dates()
    if not stored:
        raise NotFoundError(
            f"catalog {catalog.root} holds no trades; make some with `tradectl catalog import` or "
            "`tradectl catalog synth`"
        )
    one = day or (None if start or end else stored[-1].isoformat())
    if one is not None:
        wanted = [session(parse_day(one)).day]
    else:
        first = parse_day(start) if start else stored[0]
        last = parse_day(end) if end else stored[-1]
        if first > last:
            raise ConfigError(f"--start {first} lies after --end {last}")
        wanted = sessions(first, last)
    missing = [asked for asked in wanted if asked not in stored]
    found = [asked for asked in wanted if asked in stored]
    if not found:
        raise NotFoundError(
            f"no trades are stored for {wanted[0] if wanted else 'these dates'}; the catalog has "
            f"{stored[0]} to {stored[-1]}"
        )
    if missing:
        named = ", ".join([*map(str, missing[:5]), *(["…"] if missing[5:] else [])])
        progress_console.print(f"[yellow]no trades are stored for {len(missing)} days: {named}")
    return found


def usd(text: str) -> Decimal:
    """Return an amount that was typed, more than 0 USD."""
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise ConfigError(f"--balance {text!r} is no amount of USD; write 100000") from error
    if not amount.is_finite() or amount <= 0 or amount > _MOST_USD or amount % _CENT:
        raise ConfigError(
            f"--balance is {text}, expected more than 0 USD, {_MOST_USD:,} at most, in whole cents"
        )
    return amount


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
        "metrics": view.metrics,
        "ladder": {assumed.fills: assumed.metrics for assumed in view.ladder},
        "quality": view.quality,
        "timings": timings,
        "peak_memory_bytes": view.peak_memory_bytes,
        "report": report,
    }
