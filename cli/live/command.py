"""``tradectl live``: trade a day at a venue, in one process."""

from __future__ import annotations

import asyncio
import shutil
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from msgspec import structs

from app.doctor.preflight import Need, require_fit
from app.runs.start_wait import DEFAULT_WAIT_SECS, StartWait
from cli.backtest.run_page import emit_end, show_run_started
from cli.terminal.narrowing import Letters, Symbols, parse_letters, parse_symbols
from cli.terminal.options import (
    DEFAULT_CATALOG,
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    AsJson,
    CatalogPath,
    Database,
    ParamsFile,
    RunsPath,
    RunToResume,
    SetParams,
    View,
    WaitSecs,
)
from cli.terminal.output import INTERRUPTED, command, emit, progress_console, say
from engine.domain.errors import JournalBroken

if TYPE_CHECKING:
    from rich.console import Console

    from app.live.protection_run import ProtectionEnd
    from app.live.request import LiveRequest
    from store import Journals


class Role(StrEnum):
    """What this process does of a live system."""

    ALL = "all"


class VenueName(StrEnum):
    """Where orders go; ``adapters.alpaca`` has the same names."""

    SIM = "alpaca-sim"
    PAPER = "alpaca-paper"
    LIVE = "alpaca-live"


class FeedName(StrEnum):
    """Where prints and quotes come from."""

    SIP = "sip"
    IEX = "iex"


_REAL_MONEY = "trade real money"
"""What somebody has to type."""


@command
def live(
    venue: Annotated[
        VenueName | None,
        typer.Option("--venue", help="Where orders go; as alpaca_trading_mode says by default."),
    ] = None,
    role: Annotated[
        Role, typer.Option("--role", help="all: the whole system in this process.")
    ] = Role.ALL,
    feed: Annotated[
        FeedName, typer.Option("--feed", help="iex: the free plan, 30 symbols at most.")
    ] = FeedName.SIP,
    run_id: RunToResume = None,
    letters: Letters = None,
    symbols: Symbols = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Decide everything, send nothing.")
    ] = False,
    record: Annotated[
        bool,
        typer.Option("--record", help="Make what arrives a day of the catalog once it is over."),
    ] = False,
    catalog: CatalogPath = DEFAULT_CATALOG,
    view: View = True,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="WORDS", help=f"For real money: '{_REAL_MONEY}'."),
    ] = None,
    database: Database = DEFAULT_DATABASE,
    runs: RunsPath = DEFAULT_RUNS,
    wait_secs: WaitSecs = DEFAULT_WAIT_SECS,
    params: ParamsFile = None,
    set_params: SetParams = None,
    as_json: AsJson = False,
) -> None:
    """Trade today at Alpaca, on paper, or at the simulator of `tradectl sim`.

    The keys come from APCA_API_KEY_ID and APCA_API_SECRET_KEY. q or Ctrl-C ends the run and leaves
    what protects a position at the venue; the same command resumes the run, also after a
    kill: what had arrived is kept in the folder spool beside the database until the day is over.
    Orders go where the parameter alpaca_trading_mode says: sim, the default, paper or live; shadow
    decides everything on the paper account's data and sends nothing. --venue and --shadow say it
    for one run, unless they contradict a mode that somebody set.

    While it runs it obeys `tradectl do`. Without --params and --set it goes by the parameters of
    `tradectl params`, and takes each new version of them from the next bucket on. A venue or
    database that is down at the start is waited for; exit code 75 says that it was for too long.

    A run whose facts were altered is never traded again (exit code 6): it is quarantined, and what
    its orders left at the venue is protected until it is flat.
    """
    from app.live.destination import destination
    from app.parameters.desk import approved_at_desk, chosen_at_desk
    from app.parameters.file import load_parameters
    from store import Journals

    del role
    require_fit(Need.LIVE, files=[database], folders=[runs])
    wait = StartWait(wait_secs, say)
    journals = wait.reached(lambda: Journals(database))
    parameters = load_parameters(params, set_params) if params or set_params else None
    if parameters is None:
        chosen = chosen_at_desk(journals)
        mode = approved_at_desk(journals).at(time.time_ns()).alpaca_trading_mode
    else:
        chosen, mode = parameters.model_fields_set, parameters.alpaca_trading_mode
    is_chosen = "alpaca_trading_mode" in chosen
    said = None if venue is None else venue.value
    place = destination(mode, is_chosen=is_chosen, venue=said, shadow=shadow)
    if place.venue == VenueName.LIVE:
        _confirm(confirm, chosen)

    from adapters.alpaca.credentials import Credentials
    from adapters.alpaca.endpoints import Endpoints
    from app.live.request import LiveRequest
    from app.live.run import live_run
    from app.live.tape_keeper import spool_root
    from cli.live.view import live_view
    from engine.hub import OutcomeStatus

    request = LiveRequest(
        endpoints=Endpoints.of(place.venue),
        credentials=Credentials.from_environment(),
        feed=feed.value,
        params=parameters,
        letters=parse_letters(letters),
        symbols=parse_symbols(symbols),
        run_id=run_id,
        sends=place.sends,
        verdicts=runs,
        wait=wait,
        spool=spool_root(journals.database),
    )
    try:
        with live_view(
            enabled=view and not as_json, venue=place.venue, sends=place.sends
        ) as screen:
            end = asyncio.run(live_run(journals, request, show_run_started, screen.watch))
    except JournalBroken as broken:
        _protect(journals, request, broken, as_json=as_json)
    is_over = end.outcome.status is not OutcomeStatus.INTERRUPTED
    recorded = _clear_away(end.spool, catalog if record else None) if is_over else None
    more: dict[str, object] = {"recorded": recorded} if record else {}
    lights = [structs.asdict(line) for line in end.health]
    worst = "; ".join(f"{each.light} {each.what} {each.sentence}" for each in end.health[:1])
    more["health"] = lights if as_json else worst
    emit_end(end, as_json=as_json, scan_digest=end.scan_digest, **more)
    if not is_over:
        progress_console.print(
            "stopped before the close: what protects a position stays at the venue; the same "
            "command resumes the run",
            soft_wrap=True,
        )
        raise typer.Exit(INTERRUPTED)


def _protect(
    journals: Journals, request: LiveRequest, broken: JournalBroken, *, as_json: bool
) -> NoReturn:
    """Go on for what a run left at the venue whose journal is broken; end with its exit code."""
    from app.live.protection_run import protection_run
    from app.live.run import stop_signal
    from app.runs.chosen_journal import is_engine_run

    def say(line: str) -> None:
        progress_console.print(line, highlight=False, markup=False, soft_wrap=True)

    if not is_engine_run(broken.run_id):
        raise broken  # the parameter desk holds nothing
    say(f"QUARANTINED: {broken}")
    say("nothing is entered; what its orders left at the venue is protected until it is flat")

    async def protect() -> ProtectionEnd:
        return await protection_run(journals, request, broken, show_run_started, say, stop_signal())

    end = asyncio.run(protect())
    result = {
        "run_id": end.of,
        "status": "Quarantined",
        "detail": end.detail,
        "protected_by": end.run_id,
        "held": {trade.symbol: f"{trade.shares:f}" for trade in end.left.trades},
        "unprotected": {
            trade.symbol: f"{trade.unprotected:f}" for trade in end.left.trades if trade.unprotected
        },
    }

    def page(console: Console) -> None:
        for key, value in result.items():
            console.print(f"{key:16} {value or 'nothing'}", highlight=False, markup=False)

    emit(result, as_json=as_json, page=page)
    raise typer.Exit(broken.exit_code)


def _clear_away(spool: Path | None, catalog: str | None) -> dict[str, int]:
    """Remove a spool that is not needed any more; first make it a day of the catalog, if wanted.

    Returns the rows by kind that are stored in the catalog now.
    """
    from catalog import Catalog
    from catalog.adopt import adopt
    from catalog.spool import Spooled

    rows: dict[str, int] = {}
    if spool is not None:
        if catalog is not None:
            adopted = adopt(Catalog(catalog), Spooled(spool))
            rows = {report.kind: report.rows_out for report in adopted.reports}
        shutil.rmtree(spool)
    return rows


def _confirm(words: str | None, given: set[str]) -> None:
    """Let nobody trade real money by accident.

    Raises
    ------
    ConfigError
        It was not confirmed, or no limit was set on what a day may lose.
    """
    from engine.domain.errors import ConfigError

    if "daily_loss_limit_percent" not in given:
        raise ConfigError(
            "alpaca-live wants a loss limit that somebody chose: set daily_loss_limit_percent with "
            "--params or --set"
        )
    if words is None:
        words = typer.prompt(f"This trades real money. Type '{_REAL_MONEY}' to go on", err=True)
    if words != _REAL_MONEY:
        raise ConfigError(f"not confirmed: type '{_REAL_MONEY}', or give it with --confirm")
