"""``tradectl session``: a recorded day as if it were today, with commands from outside."""

from __future__ import annotations

from typing import Annotated

import typer

from app.doctor.preflight import Need, require_fit
from app.runs.start_wait import DEFAULT_WAIT_SECS, StartWait
from cli.backtest.command import EngineName, FillsName, stored_days, usd
from cli.backtest.run_page import emit_end, show_run_started
from cli.terminal.narrowing import Letters, Symbols, Workers, parse_letters, parse_symbols
from cli.terminal.options import (
    DEFAULT_BALANCE,
    DEFAULT_CATALOG,
    DEFAULT_DATABASE,
    AsJson,
    Balance,
    CatalogPath,
    Database,
    ParamsFile,
    RunToResume,
    SetParams,
    Speed,
    WaitSecs,
)
from cli.terminal.output import INTERRUPTED, command, say
from cli.terminal.progress import progress_bar


@command
def session(
    day: Annotated[
        str | None, typer.Option("--date", help="A stored New York date; the last one by default.")
    ] = None,
    speed: Speed = None,
    run_id: RunToResume = None,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="full replays every tick.")
    ] = EngineName.PRUNED,
    fills: Annotated[
        FillsName, typer.Option("--fills", help="What to assume about fills.")
    ] = FillsName.BASE,
    balance: Balance = DEFAULT_BALANCE,
    letters: Letters = None,
    symbols: Symbols = None,
    workers: Workers = 2,
    catalog: CatalogPath = DEFAULT_CATALOG,
    database: Database = DEFAULT_DATABASE,
    wait_secs: WaitSecs = DEFAULT_WAIT_SECS,
    params: ParamsFile = None,
    set_params: SetParams = None,
    as_json: AsJson = False,
) -> None:
    """Play a recorded day as a trading session that obeys `tradectl do`.

    Every fact goes into the database as it happens. After Ctrl-C, a kill or a crash the same
    command plays what was recorded again, without writing it twice, and goes on from there.
    """
    require_fit(Need.REPLAY, files=[database])
    from app.parameters.file import load_parameters
    from app.session.run import SessionRequest, session_run
    from catalog import Catalog
    from engine.hub import OutcomeStatus
    from store import Journals

    parameters = load_parameters(params, set_params)
    source = Catalog.open(catalog)
    (stored,) = stored_days(source, day, None, None)
    request = SessionRequest(
        day=stored,
        params=parameters,
        engine=engine.value,
        fills=fills.value,
        balance=usd(balance),
        letters=parse_letters(letters),
        symbols=parse_symbols(symbols),
        workers=workers,
        speed=speed,
        run_id=run_id,
    )
    journals = StartWait(wait_secs, say).reached(lambda: Journals(database))
    with progress_bar("session", "%") as progress:
        end = session_run(source, journals, request, progress, show_run_started)
    emit_end(end, as_json=as_json)
    if end.outcome.status is OutcomeStatus.INTERRUPTED:
        raise typer.Exit(INTERRUPTED)
