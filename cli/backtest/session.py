"""``tradectl session``: a recorded day as if it were today, with commands from outside."""

from __future__ import annotations

import typer

from app.doctor.preflight import Need, require_fit
from app.narrowing import parse_usd
from app.runs.start_wait import DEFAULT_WAIT_SECS, StartWait
from cli.terminal.day_options import (
    Engine,
    EngineName,
    Fills,
    FillsName,
    ScanOptions,
    StoredDay,
)
from cli.terminal.options import (
    DEFAULT_BALANCE,
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    Balance,
    Database,
    RunsPath,
    RunTags,
    RunTitle,
    RunToResume,
    Speed,
    WaitSecs,
)
from cli.terminal.output import INTERRUPTED, say
from cli.terminal.progress import progress_bar
from cli.terminal.run_page import emit_end, show_run_started
from cli.terminal.shared_options import taking


@taking(ScanOptions)
def session(
    options: ScanOptions,
    day: StoredDay = None,
    speed: Speed = None,
    run_id: RunToResume = None,
    engine: Engine = EngineName.PRUNED,
    fills: Fills = FillsName.BASE,
    balance: Balance = DEFAULT_BALANCE,
    database: Database = DEFAULT_DATABASE,
    runs: RunsPath = DEFAULT_RUNS,
    wait_secs: WaitSecs = DEFAULT_WAIT_SECS,
    name: RunTitle = None,
    tag: RunTags = None,
) -> None:
    """Play a recorded day as a trading session that obeys `tradectl do` and `tradectl say`.

    Every fact goes into the database as it happens. After Ctrl-C, a kill or a crash the same
    command plays what was recorded again, without writing it twice, and goes on from there. Its
    verdicts, and what strategies over the tape see, are kept in the folder of run directories, for
    `tradectl why` and `missed`.
    `tradectl watch` with the same --database shows it from any terminal; the tape strip, every
    symbol's score, is there with --engine full.

    Example: tradectl session --date 2026-09-18 --speed 60
    """
    require_fit(Need.REPLAY, files=[database])
    from app.backtest.stored_days import stored_day
    from app.display.folder import display_root
    from app.session.run import SessionRequest, session_run
    from catalog import Catalog
    from engine.hub import OutcomeStatus
    from store import Database as Place
    from store import Journals, RunLabels

    parameters, strategies = options.parameters(database), options.hosted()
    source = Catalog.open(options.catalog)
    on = stored_day(source, day)
    warnings = options.warnings(source, on)
    wait = StartWait(wait_secs, say)
    request = SessionRequest(
        day=on,
        params=parameters,
        engine=engine.value,
        fills=fills.value,
        balance=parse_usd(balance),
        letters=options.only_letters,
        symbols=options.only_symbols,
        workers=options.workers,
        speed=speed,
        run_id=run_id,
        wait=wait,
        runs=runs,
        catalog=options.catalog,
        hosted=strategies,
        labels=RunLabels.given(name, tag or ()),
        display=display_root(Place(database)),
    )
    journals = wait.reached(lambda: Journals(database))
    with progress_bar("session", "%") as progress:
        end = session_run(source, journals, request, progress, show_run_started)
    emit_end(end, warnings, as_json=options.as_json)
    if end.outcome.status is OutcomeStatus.INTERRUPTED:
        raise typer.Exit(INTERRUPTED)
