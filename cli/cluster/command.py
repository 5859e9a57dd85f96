"""``tradectl cluster``: a live system of several processes, on this machine or on many."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cluster.defaults import DEFAULT_FOLDER, REDIS_VARIABLE
from app.doctor.preflight import Need, require_fit
from app.markets import REAL_MONEY, MarketName
from cli.terminal.day_options import StrategyOptions
from cli.terminal.options import (
    DEFAULT_CATALOG,
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    AsJson,
    CatalogPath,
    Database,
    RunsPath,
)
from cli.terminal.output import command, emit, progress_console, say
from cli.terminal.shared_options import taking
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from app.cluster.on_this_machine import RunningCluster
    from app.cluster.processes import Processes
    from app.cluster.status import ClusterStatus
    from cluster.streams.port import Streams

app = typer.Typer(
    help="Run relay, hub and shards together, look at them, move letters between shards.",
    no_args_is_help=True,
)

Folder = Annotated[
    Path,
    typer.Option("--folder", metavar="FOLDER", help="Where the cluster of this machine is kept."),
]
Redis = Annotated[
    str | None,
    typer.Option(
        "--redis",
        metavar="URL",
        envvar=REDIS_VARIABLE,
        help="The server between hub and shards; by default that of this machine's cluster.",
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--redis-password", metavar="FILE", help="Its password, in the first line."),
]
WaitForIt = Annotated[float, typer.Option("--wait-secs", min=0, help="How long the move may take.")]


@app.command()
@taking(StrategyOptions)
def up(
    options: StrategyOptions,
    shards: Annotated[
        int, typer.Option("--shards", min=1, max=26, help="How many processes work the tape.")
    ] = 4,
    venue: Annotated[
        MarketName, typer.Option("--venue", metavar="VENUE", help="Where orders go.")
    ] = MarketName.SIM,
    feed: Annotated[str, typer.Option("--feed", help="Which feed the relay hands on.")] = "sip",
    record: Annotated[
        bool,
        typer.Option("--record", help="Make what arrives a day of the catalog once it is over."),
    ] = False,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="WORDS", help="For real money: 'trade real money'."),
    ] = None,
    folder: Folder = DEFAULT_FOLDER,
    database: Database = DEFAULT_DATABASE,
    catalog: CatalogPath = DEFAULT_CATALOG,
    runs: RunsPath = DEFAULT_RUNS,
    as_json: AsJson = False,
) -> None:
    """Start a whole cluster on this machine and keep it running until its day is over.

    A relay holds the one connection to the feed, shards work the tape by letter, the hub decides
    and trades; a server of our own stands between them. Each is a process: one that ends is started
    again. Ctrl-C, or `tradectl cluster down` elsewhere, ends all of them and leaves what protects a
    position at the venue; the same command goes on with the day. What each process says is in the
    folder, in a file by its name.

    The keys of the broker come from APCA_API_KEY_ID and APCA_API_SECRET_KEY; shards do not get
    them.

    Example: tradectl cluster up --shards 4 --venue alpaca-sim
    """
    require_fit(Need.LIVE, files=[database], folders=[runs, folder])
    from app.cluster.up import ClusterRequest, cluster_run
    from app.live.run import stop_signal

    request = ClusterRequest(
        venue=venue.value,
        feed=feed,
        shards=shards,
        folder=folder,
        database=database,
        catalog=catalog,
        runs=runs,
        hub_options=_hub_options(options, venue, confirm),
        relay_options=("--record", "--catalog", catalog) if record else (),
    )

    def started(running: RunningCluster, processes: Processes) -> None:
        progress_console.print(
            f"cluster of {len(processes.nodes)} processes in {folder}; relay at {running.relay}",
            highlight=False,
            markup=False,
        )
        say("'tradectl cluster status' shows it, Ctrl-C ends it")

    async def run() -> dict[str, object] | None:
        return await cluster_run(request, started, stop_signal(), say)

    end = asyncio.run(run())
    result = {"status": "Interrupted"} if end is None else end
    emit(
        result,
        as_json=as_json,
        page=lambda console: console.print(_end_in_words(result), highlight=False, markup=False),
    )
    if end is None:
        raise typer.Exit(ExitCode.INTERRUPTED)


def _hub_options(
    options: StrategyOptions, venue: MarketName, confirm: str | None
) -> tuple[str, ...]:
    """Return what of a run's options the hub takes, as typed."""
    typed: list[str] = []
    if options.params is not None:
        typed += ["--params", str(options.params)]
    for name, values in (
        ("--set", options.set_params),
        ("--strategy", options.strategy),
        ("--weight", options.weight),
    ):
        for value in values or ():
            typed += [name, value]
    if venue in REAL_MONEY and confirm is not None:
        typed += ["--confirm", confirm]
    return tuple(typed)


def _end_in_words(result: Mapping[str, object]) -> str:
    run = result.get("run_id", "")
    return f"{run} {result['status']}".strip() + (f"; 'tradectl runs show {run}'" if run else "")


@app.command()
@command
def status(
    folder: Folder = DEFAULT_FOLDER,
    redis: Redis = None,
    redis_password: PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Show every process of a cluster, the letters of each shard, lag, memory and issues.

    Exit code 1 says that something is wrong with it.

    Example: tradectl cluster status
    """
    from app.cluster.status import cluster_status

    found = _asked(folder, redis, redis_password, cluster_status)
    _show(found, as_json=as_json)
    if found.issues:
        raise typer.Exit(ExitCode.FAILED)


@app.command()
@command
def drain(
    shard: Annotated[str, typer.Argument(metavar="SHARD", help="Name of a shard, as in status.")],
    folder: Folder = DEFAULT_FOLDER,
    redis: Redis = None,
    redis_password: PasswordFile = None,
    wait_secs: WaitForIt = 120.0,
    as_json: AsJson = False,
) -> None:
    """Move all letters of a shard to the others, so that it can be stopped.

    Example: tradectl cluster drain shard-2
    """
    from app.cluster.ask import drained

    found = _asked(
        folder, redis, redis_password, lambda streams: drained(streams, shard, wait_secs)
    )
    _show(found, as_json=as_json)


@app.command()
@command
def move(
    letters: Annotated[
        str, typer.Argument(metavar="LETTERS", help="Letters or slots, such as A-C or SA-SM.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="SHARD", help="Which shard is to take them.")],
    folder: Folder = DEFAULT_FOLDER,
    redis: Redis = None,
    redis_password: PasswordFile = None,
    wait_secs: WaitForIt = 120.0,
    as_json: AsJson = False,
) -> None:
    """Move letters to a shard; no bucket is left out, and what is decided stays the same.

    Example: tradectl cluster move S --to shard-3
    """
    from app.cluster.ask import moved

    found = _asked(
        folder, redis, redis_password, lambda streams: moved(streams, letters, to, wait_secs)
    )
    _show(found, as_json=as_json)


@app.command()
@command
def down(folder: Folder = DEFAULT_FOLDER, as_json: AsJson = False) -> None:
    """End the cluster of this machine; what protects a position stays at the venue.

    Example: tradectl cluster down
    """
    from app.cluster.on_this_machine import running_cluster

    running = running_cluster(folder)
    running.end()
    emit(
        {"status": "ended", "folder": str(folder)},
        as_json=as_json,
        page=lambda console: console.print(f"the cluster in {folder} has ended", markup=False),
    )


def _asked[Answer](
    folder: Path,
    url: str | None,
    password_file: Path | None,
    ask: Callable[[Streams], Awaitable[Answer]],
) -> Answer:
    """Return what is answered over the server of a cluster."""
    from app.cluster.found import server_address
    from cluster.streams.redis import RedisStreams

    address = server_address(url, password_file, folder=folder)

    async def answer() -> Answer:
        streams = RedisStreams(address)
        try:
            return await ask(streams)
        finally:
            await streams.close()

    return asyncio.run(answer())


def _show(found: ClusterStatus, *, as_json: bool) -> None:
    from cli.cluster.page import cluster_page

    emit(found.told(), as_json=as_json, page=lambda console: cluster_page(console, found))
