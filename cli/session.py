"""Roof: ``tradectl session``: a recorded day as if it were today, with commands from outside."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from cli.backtest import EngineName, FillsName, stored_days, usd
from cli.live import tell_start_of
from cli.narrowing import Letters, Symbols, Workers, parse_letters, parse_symbols
from cli.options import (
    DEFAULT_CATALOG,
    DEFAULT_DATABASE,
    AsJson,
    CatalogPath,
    Database,
    ParamsFile,
    SetParams,
)
from cli.output import INTERRUPTED, command, emit
from cli.progress import progress_bar


@command
def session(
    day: Annotated[
        str | None, typer.Option("--date", help="A stored New York date; the last one by default.")
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option("--speed", min=0.01, help="Times real time; as fast as possible without it."),
    ] = None,
    run_id: Annotated[
        str | None,
        typer.Option("--run", help="Name of the run; an unfinished one is taken up again."),
    ] = None,
    engine: Annotated[
        EngineName, typer.Option("--engine", help="full replays every tick.")
    ] = EngineName.PRUNED,
    fills: Annotated[
        FillsName, typer.Option("--fills", help="What to assume about fills.")
    ] = FillsName.BASE,
    balance: Annotated[
        str, typer.Option("--balance", metavar="USD", help="Starting balance.")
    ] = "100000",
    letters: Letters = None,
    symbols: Symbols = None,
    workers: Workers = 2,
    catalog: CatalogPath = DEFAULT_CATALOG,
    database: Database = DEFAULT_DATABASE,
    params: ParamsFile = None,
    set_params: SetParams = None,
    as_json: AsJson = False,
) -> None:
    """Play a recorded day as a trading session that obeys `tradectl do`.

    Every fact goes into the database as it happens. After Ctrl-C, a kill or a crash the same
    command plays what was recorded again, without writing it twice, and goes on from there.
    """
    from catalog import Catalog
    from cli.parameters_file import load_parameters
    from cli.session_run import SessionRequest, session_run
    from engine.runtime import OutcomeStatus
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
    with progress_bar("session", "%") as progress:
        end = session_run(source, Journals(database), request, progress, tell_start_of)
    outcome = end.outcome
    result = {
        "run_id": end.run_id,
        "status": outcome.status,
        "resumed_at": end.resumed_at,
        "trades": len(outcome.trades),
        "orders": outcome.orders,
        "equity": outcome.equity,
        "decision_digest": outcome.decision_digest,
        "fill_digest": outcome.fill_digest,
    }

    def page(console: Console) -> None:
        for key, value in result.items():
            console.print(f"{key:16} {value}", highlight=False, markup=False, soft_wrap=True)

    emit(result, as_json=as_json, page=page)
    if outcome.status is OutcomeStatus.INTERRUPTED:
        raise typer.Exit(INTERRUPTED)
