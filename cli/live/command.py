"""``tradectl live``: trade a day at a venue, in one process."""

from __future__ import annotations

import asyncio
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from msgspec import structs

from app.cluster.defaults import REDIS_VARIABLE
from app.doctor.preflight import Need, require_fit
from app.markets import REAL_MONEY, MarketName
from app.runs.start_wait import DEFAULT_WAIT_SECS, StartWait
from cli.live.hub import hub_place
from cli.live.relay import DEFAULT_LISTEN, certificate, relay_address, serve_relay
from cli.live.shard import serve_shard
from cli.live.standby import taken_over
from cli.terminal.day_options import DayOptions
from cli.terminal.options import (
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    Database,
    RunsPath,
    RunTags,
    RunTitle,
    RunToResume,
    View,
    WaitSecs,
)
from cli.terminal.output import INTERRUPTED, emit, progress_console, say
from cli.terminal.run_page import emit_end, show_run_started
from cli.terminal.shared_options import taking
from engine.domain.errors import ConfigError, JournalBroken, TradectlError

if TYPE_CHECKING:
    from rich.console import Console

    from app.live.destination import Destination
    from app.live.protection_run import ProtectionEnd
    from app.live.request import LiveRequest
    from app.live.run import LiveEnd
    from engine.domain.parameters import Parameters
    from store import Journals


class Role(StrEnum):
    """What this process does of a live system."""

    ALL = "all"
    RELAY = "relay"
    HUB = "hub"
    SHARD = "shard"


class FeedName(StrEnum):
    """Where prints and quotes come from."""

    SIP = "sip"
    IEX = "iex"


_REAL_MONEY = "trade real money"
"""What somebody has to type."""


@taking(DayOptions)
def live(
    options: DayOptions,
    venue: Annotated[
        MarketName | None,
        typer.Option(
            "--venue",
            metavar="VENUE",
            help="Where orders go: alpaca-sim, alpaca-paper or alpaca-live; as "
            "alpaca_trading_mode says by default.",
        ),
    ] = None,
    role: Annotated[
        Role,
        typer.Option(
            "--role",
            help="all: the whole system in this process; relay: hand the feed on; hub: decide and "
            "trade what shards report; shard: work some letters on a hub's word.",
        ),
    ] = Role.ALL,
    feed: Annotated[
        FeedName, typer.Option("--feed", help="iex: the free plan, 30 symbols at most.")
    ] = FeedName.SIP,
    run_id: RunToResume = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Decide everything, send nothing.")
    ] = False,
    record: Annotated[
        bool,
        typer.Option("--record", help="Make what arrives a day of the catalog once it is over."),
    ] = False,
    view: View = True,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="WORDS", help=f"For real money: '{_REAL_MONEY}'."),
    ] = None,
    standby: Annotated[
        bool,
        typer.Option(
            "--standby",
            help="Watch the hub that trades the run, and trade in its place once it is silent for "
            "three seconds; --database postgresql://… on both.",
        ),
    ] = False,
    relay: Annotated[
        str | None,
        typer.Option(
            "--relay", metavar="URL", help="Hear the feed from a relay, not from the venue."
        ),
    ] = None,
    relay_keys: Annotated[
        Path | None,
        typer.Option(
            "--relay-keys",
            metavar="FILE",
            help="Keys of the relay, KEY:SECRET a line; by default those it has made itself.",
        ),
    ] = None,
    listen: Annotated[
        str,
        typer.Option("--listen", metavar="HOST:PORT", help="Where a relay listens."),
    ] = DEFAULT_LISTEN,
    tls_cert: Annotated[
        Path | None,
        typer.Option("--tls-cert", metavar="FILE", help="Certificate of a relay, for TLS."),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="FILE", help="Key of that certificate.")
    ] = None,
    redis: Annotated[
        str | None,
        typer.Option(
            "--redis",
            metavar="URL",
            envvar=REDIS_VARIABLE,
            help="Server between hub and shards, as redis://HOST:PORT.",
        ),
    ] = None,
    shards: Annotated[
        int, typer.Option("--shards", help="How many shards a hub waits for at its start.")
    ] = 1,
    database: Database = DEFAULT_DATABASE,
    runs: RunsPath = DEFAULT_RUNS,
    wait_secs: WaitSecs = DEFAULT_WAIT_SECS,
    name: RunTitle = None,
    tag: RunTags = None,
) -> None:
    """Trade today: with real or paper money at Alpaca, or at the simulator of `tradectl sim`.

    The keys come from APCA_API_KEY_ID and APCA_API_SECRET_KEY, the simulator's address from
    TRADECTL_SIM_URL, http://127.0.0.1:8765 without it. q or Ctrl-C ends the run and leaves
    what protects a position at the venue; the same command resumes the run, also after a
    kill: what had arrived is kept in the folder spool beside the database. There `why`, `missed`
    and `report` find it until the next day is over, or --record has made it a day of the catalog.
    Orders go where the parameter alpaca_trading_mode says: sim, the default, paper or live; shadow
    decides everything on the paper account's data and sends nothing. --venue and --shadow say it
    for one run, unless they contradict a mode that somebody set.

    While it runs it obeys `tradectl do` and `tradectl say`. Without --params and --set it goes by
    the parameters of `tradectl params`, and takes each new version of them from the next bucket on.
    A venue or database that is down at the start is waited for; exit code 75 says that it was for
    too long.

    A run whose facts were altered is never traded again (exit code 6): it is quarantined, and what
    its orders left at the venue is protected until it is flat. A run whose log of commands was
    altered obeys none of them and enters nothing more; its exits go on.

    --role relay trades nothing: it holds the one connection to the feed that an account may have
    and hands it on, to `tradectl live --relay URL` and to every program that speaks Alpaca's
    market-data protocol, with keys of its own. It writes all that it has heard to the folder spool
    beside the database before it sends it; --record makes that a day of the catalog in the end.

    --role hub decides on what shards report and trades it. It waits for --shards of them, gives
    each some letters, and others those of one that is gone. --letters says how the alphabet is cut,
    as A-C,D,S1,S2; the parameter letters_per_shard by default. Relay and server between hub and
    shards are those of this machine's `tradectl cluster up` unless --relay and --redis name others.

    --role shard trades nothing either: it works the letters of --letters (A, A-C, S1, SA-SM, or
    auto: what its hub gives it) from a relay, and reports to the hub over the server of --redis.
    Its password is in TRADECTL_REDIS_PASSWORD. --name says under which name. Ctrl-C has others go
    on with its letters first.

    --standby trades nothing while another hub trades the run. It takes over when that one is
    killed, stopped or cut off from the database for three seconds; what that one meant to send is
    looked up at the venue first. A hub with a standby sends nothing once it has been without the
    database for three seconds, and ends with exit code 75. One that was stopped with q or Ctrl-C
    is not replaced.

    Example: tradectl live --venue alpaca-paper --symbols AAPL,MSFT --feed iex
    """
    from store import Journals

    require_fit(Need.LIVE, files=[database], folders=[runs])
    if role is Role.SHARD:
        serve_shard(options, name, relay, relay_keys, redis, database, wait_secs)
        return
    if role is Role.RELAY:
        if standby:
            raise ConfigError("--standby is of a process that trades: leave it or --role relay out")
        if relay is not None:
            raise ConfigError("--relay is of a process that trades; a relay hears the venue itself")
        serve_relay(
            options,
            venue=venue,
            feed=feed.value,
            listen=listen,
            keys=relay_keys,
            certificate=certificate(tls_cert, tls_key),
            record=record,
            database=database,
            redis=redis,
            wait_secs=wait_secs,
        )
        return
    if tls_cert or tls_key or listen != DEFAULT_LISTEN:
        raise ConfigError("--listen, --tls-cert and --tls-key are of a relay: add --role relay")
    is_hub = role is Role.HUB
    cluster = hub_place(redis, shards, options.letters) if is_hub else None
    hosted = options.hosted()
    wait = StartWait(wait_secs, say)
    journals = wait.reached(lambda: Journals(database))
    parameters = options.parameters(database) if options.params or options.sets_parameters else None
    asked = None if venue is None else venue.value
    place, doubt = _destination(journals, parameters, run_id, asked, wait, shadow=shadow)
    if place.venue in REAL_MONEY:
        _confirm(confirm)

    from app.display.folder import display_root
    from app.live.request import LiveRequest
    from app.live.run import live_run
    from app.markets import market
    from app.runs.explain.day_tape import spool_root
    from app.strategies.days_before import catalog_if_there
    from cli.live.view import live_view
    from store import RunLabels

    request = LiveRequest(
        venue=market(place.venue),
        feed=feed.value,
        params=parameters,
        letters=() if is_hub else options.only_letters,
        symbols=options.only_symbols,
        run_id=run_id,
        sends=place.sends,
        verdicts=runs,
        wait=wait,
        spool=spool_root(journals.database),
        catalog=catalog_if_there(options.catalog),
        catalog_root=options.catalog,
        hosted=hosted,
        labels=RunLabels.given(name, tag or ()),
        doubt=doubt,
        display=display_root(journals.database),
        relay=relay_address(relay, relay_keys, spool_root(journals.database), is_needed=is_hub),
        cluster=cluster,
    )
    if standby:
        request = taken_over(journals, request, wait_secs, as_json=options.as_json)
    try:
        with live_view(enabled=view and not options.as_json, venue=place.venue) as screen:
            running = live_run(journals, request, show_run_started, screens=screen.slots)
            end = asyncio.run(running)
    except JournalBroken as broken:
        _protect(journals, request, broken, as_json=options.as_json)
    _tell_end(
        end, journals, (runs, database, options.catalog), record=record, as_json=options.as_json
    )


def _tell_end(
    end: LiveEnd,
    journals: Journals,
    places: tuple[Path, str, str],
    *,
    record: bool,
    as_json: bool,
) -> None:
    """Keep what the day has heard, say how it ended, and end with its exit code."""
    more: dict[str, object] = {}
    if record:
        more = _recorded(end, journals, places)
    elif end.is_over:
        _keep(end, journals)
    more["health"] = _health(end, as_json=as_json)
    if end.broken is not None:
        more["broken"] = str(end.broken)
    emit_end(end, (), as_json=as_json, **more)
    if not end.is_over:
        progress_console.print(
            "stopped before the close: what protects a position stays at the venue; the same "
            "command resumes the run",
            soft_wrap=True,
        )
    if end.broken is not None:
        say(f"entries were held: {end.broken}")
        raise typer.Exit(end.broken.exit_code)
    if not end.is_over:
        raise typer.Exit(INTERRUPTED)


def _health(end: LiveEnd, *, as_json: bool) -> object:
    """Return the lights as the day ended; on a page the worst one."""
    if as_json:
        return [structs.asdict(line) for line in end.health]
    return "; ".join(f"{each.light} {each.what} {each.sentence}" for each in end.health[:1])


def _keep(end: LiveEnd, journals: Journals) -> None:
    """Leave what the day has heard where it is; what is left of earlier days makes room."""
    from app.live.spool_end import clear_away
    from app.runs.running import has_ended

    clear_away(end.spool, None, lambda name: has_ended(journals, name))


def _recorded(end: LiveEnd, journals: Journals, places: tuple[Path, str, str]) -> dict[str, object]:
    """Make a day that is over one of the catalog, and its report, if that can be made."""
    from app.live.spool_end import clear_away
    from app.runs.explain.day_tape import WantedCatalog
    from app.runs.report import run_report
    from app.runs.running import has_ended

    if not end.is_over:
        return {"recorded": None}
    runs, database, catalog = places
    rows = clear_away(end.spool, catalog, lambda name: has_ended(journals, name))
    made: str | None = None
    try:
        made = str(run_report(end.run_id, runs, database, WantedCatalog(None, catalog)).path)
    except (TradectlError, OSError) as error:
        say(f"no report was made: {error}; 'tradectl report {end.run_id}' tries again")
    return {"recorded": rows, "report": made}


def _protect(
    journals: Journals, request: LiveRequest, broken: JournalBroken, *, as_json: bool
) -> NoReturn:
    """Go on for what a run left at the venue whose journal is broken; end with its exit code."""
    from app.live.protection_run import protection_run
    from app.live.run import stop_signal
    from app.runs.engine_runs import is_engine_run

    def say(line: str) -> None:
        progress_console.print(line, highlight=False, markup=False, soft_wrap=True)

    if not is_engine_run(broken.run_id):
        raise broken  # the parameter desk holds nothing
    say(f"QUARANTINED: {broken}")
    say("nothing is entered; what its orders left at the venue is protected until it is flat")

    async def protect() -> ProtectionEnd:
        return await protection_run(journals, request, broken, show_run_started, say, stop_signal)

    end = asyncio.run(protect())
    result = end.told()

    def page(console: Console) -> None:
        for key, value in result.items():
            console.print(f"{key:16} {value or 'nothing'}", highlight=False, markup=False)

    emit(result, as_json=as_json, page=page)
    raise typer.Exit(broken.exit_code)


def _destination(
    journals: Journals,
    parameters: Parameters | None,
    run_id: str | None,
    venue: str | None,
    wait: StartWait,
    *,
    shadow: bool,
) -> tuple[Destination, JournalBroken | None]:
    """Return where orders go, and why the parameter desk is not believed where that is so.

    Then they go where the run sent them that is resumed: what it holds is to be managed.

    Raises
    ------
    ConfigError
        What was asked for contradicts the desk, or is real money without a limit.
    JournalBroken
        The desk is broken, and there is no run to resume.
    """
    from app.live.destination import destination, resumed_destination
    from app.parameters.desk import approved_at_desk, chosen_at_desk

    try:
        if parameters is None:
            given = wait.reached(lambda: chosen_at_desk(journals))
            held = wait.reached(lambda: approved_at_desk(journals)).at(time.time_ns())
        else:
            given, held = parameters.model_fields_set, parameters
    except JournalBroken as broken:
        resumed = wait.reached(
            lambda: resumed_destination(journals, run_id, venue=venue, shadow=shadow)
        )
        if resumed is None:
            raise
        say(f"{broken}")
        say("nothing is entered; what the run holds is managed as it was")
        return resumed, broken
    mode, is_chosen = held.alpaca_trading_mode, "alpaca_trading_mode" in given
    place = destination(mode, is_chosen=is_chosen, venue=venue, shadow=shadow)
    if place.venue in REAL_MONEY:
        _limited(given)
    return place, None


def _limited(given: set[str]) -> None:
    """Let nobody trade real money without a limit on what a day may lose.

    Raises
    ------
    ConfigError
        Nobody has set it.
    """
    if "daily_loss_limit_percent" not in given:
        raise ConfigError(
            "alpaca-live wants a loss limit that somebody chose: set daily_loss_limit_percent with "
            "--params or --set"
        )


def _confirm(words: str | None) -> None:
    """Let nobody trade real money by accident.

    Raises
    ------
    ConfigError
        It was not confirmed.
    """
    if words is None:
        words = typer.prompt(f"This trades real money. Type '{_REAL_MONEY}' to go on", err=True)
    if words != _REAL_MONEY:
        raise ConfigError(f"not confirmed: type '{_REAL_MONEY}', or give it with --confirm")
