"""``tradectl rehearse``: a recorded day, traded live over the broker's own protocols."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from app.doctor.preflight import Need, require_fit
from app.narrowing import parse_usd
from app.runs.start_wait import DEFAULT_WAIT_SECS, StartWait
from cli.terminal.day_options import DayOptions, SimFills, SimulatedFills
from cli.terminal.options import (
    DEFAULT_BALANCE,
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    Balance,
    Database,
    RunsPath,
    RunTags,
    RunTitle,
    Speed,
    View,
)
from cli.terminal.output import INTERRUPTED, emit, say
from cli.terminal.progress import progress_bar
from cli.terminal.run_page import emit_end, show_run_started
from cli.terminal.shared_options import taking
from engine.domain.exit_codes import ExitCode

_DIFFERENT = ExitCode.FAILED


@taking(DayOptions)
def rehearse(
    options: DayOptions,
    day: Annotated[
        str | None,
        typer.Argument(metavar="DATE", help="A stored New York date; the last one by default."),
    ] = None,
    speed: Speed = None,
    fills: SimulatedFills = SimFills.BASE,
    balance: Balance = DEFAULT_BALANCE,
    run_id: Annotated[str | None, typer.Option("--run", help="Name of the run.")] = None,
    compare: Annotated[
        bool, typer.Option("--compare/--no-compare", help="Backtest the same day and compare.")
    ] = True,
    shards: Annotated[
        int,
        typer.Option(
            "--shards",
            min=0,
            max=26,
            help="As a cluster: relay, hub and so many shards, a process each; 0 for one process.",
        ),
    ] = 0,
    view: View = True,
    database: Database = DEFAULT_DATABASE,
    runs: RunsPath = DEFAULT_RUNS,
    name: RunTitle = None,
    tag: RunTags = None,
) -> None:
    """Start a simulator on a recorded day and trade it as `tradectl live` would.

    Time is granted to the live process step by step, so it decides what the backtest decides at
    any speed. Exit code 1 when it did not; every difference is told with its cause. No backtest
    fills as `--fills nbbo` and `size_limited` do: it is compared with one under base. What arrives
    is not kept: it is the recorded day, and a rehearsal is not resumed but played anew.
    With --shards the day is traded by a cluster: every shard works its letters in a process of its
    own, and what the hub decides is the same to the digest.

    Example: tradectl rehearse 2026-09-18 --speed 40
    """
    require_fit(Need.LIVE, files=[database], folders=[runs])
    import msgspec

    from app.backtest.stored_days import stored_day
    from app.rehearsal.beside_backtest import beside_backtest
    from app.rehearsal.run import RehearsalRequest, rehearsed
    from catalog import Catalog
    from cli.backtest.rehearsal_page import rehearsal_page
    from cli.live.view import live_view
    from store import Journals, RunLabels

    source = Catalog.open(options.catalog)
    on = stored_day(source, day)
    warnings = options.warnings(source, on)
    wait = StartWait(DEFAULT_WAIT_SECS, say)
    request = RehearsalRequest(
        day=on,
        catalog=options.catalog,
        params=options.parameters(),
        fills=fills.value,
        balance=parse_usd(balance),
        letters=options.only_letters,
        symbols=options.only_symbols,
        speed=speed,
        run_id=run_id,
        verdicts=runs,
        wait=wait,
        hosted=options.hosted(),
        labels=RunLabels.given(name, tag or ()),
        shards=shards,
    )
    journals = wait.reached(lambda: Journals(database))
    with live_view(enabled=view and not options.as_json, venue="rehearsal") as screen:
        rehearsal = asyncio.run(
            rehearsed(source, journals, request, show_run_started, screen.slots)
        )
    end = rehearsal.end
    if not (end.is_over and compare):
        emit_end(end, warnings, as_json=options.as_json)
        raise typer.Exit(ExitCode.DONE if end.is_over else INTERRUPTED)
    with progress_bar("backtest", "%") as progress:
        compared = beside_backtest(source, request, rehearsal, database, progress)
    emit(
        compared.told() | {"warnings": msgspec.to_builtins(warnings)},
        as_json=options.as_json,
        page=lambda console: rehearsal_page(console, compared),
    )
    if not compared.same_decisions:
        raise typer.Exit(_DIFFERENT)
