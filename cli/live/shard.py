"""``tradectl live --role shard``: work some letters of the alphabet on a hub's word."""

from __future__ import annotations

import asyncio
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from msgspec import structs

from app.runs.start_wait import StartWait
from cli.live.relay import relay_address
from cli.terminal.output import INTERRUPTED, emit, say
from cluster.slots import AUTO
from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from app.cluster.shard import ShardEnd, ShardReady
    from cli.terminal.day_options import DayOptions

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def serve_shard(
    options: DayOptions,
    name: str | None,
    relay: str | None,
    relay_keys: Path | None,
    redis: str | None,
    database: str,
    wait_secs: float,
) -> None:
    """Run a shard to its end; that it listens to its hub is said first.

    Raises
    ------
    ConfigError
        Something was asked for that a shard has nothing to do with, or cannot be read.
    """
    from app.cluster.found import server_address
    from app.cluster.shard import ShardRequest, shard_run
    from app.live.run import stop_signal
    from app.runs.explain.day_tape import spool_root
    from app.strategies.days_before import catalog_if_there
    from cluster.slots import slots_of
    from cluster.streams.redis import RedisStreams
    from store import Database

    if options.symbols or options.strategy or options.params or options.sets_parameters:
        raise ConfigError(
            "a shard works what its hub orders: leave --symbols, --strategy, --params and --set "
            "to the hub"
        )
    letters = options.letters or AUTO
    slots_of(letters)
    name = f"shard-{socket.gethostname()}-{letters}" if name is None else name
    if name and not _NAME.fullmatch(name):
        raise ConfigError(
            f"--name is {name!r}, expected up to 64 letters, digits, dots, dashes and underscores"
        )
    spool = Path() if relay_keys is not None else spool_root(Database(database))
    address = relay_address(relay, relay_keys, spool, is_needed=True)
    if address is None:
        raise AssertionError("an address was given")
    server = server_address(redis)
    request = ShardRequest(
        name=name,
        letters=letters,
        relay=address,
        open=lambda: RedisStreams(server),
        catalog=catalog_if_there(options.catalog),
        wait=StartWait(wait_secs, say),
    )

    async def run() -> ShardEnd:
        return await shard_run(
            request, lambda ready: _show(ready, as_json=options.as_json), stop_signal()
        )

    end = asyncio.run(run())
    if end.slots:
        say(f"{name} has ended; nobody had gone on with {', '.join(end.slots)} by then")
        raise typer.Exit(INTERRUPTED)
    say(f"{name} has ended")


def _show(ready: ShardReady, *, as_json: bool) -> None:
    """Say that the shard is there."""

    def page(console: Console) -> None:
        console.print(f"SHARD {ready.name} for {ready.letters}", highlight=False)
        console.print(f"relay    {ready.relay}", highlight=False, soft_wrap=True)
        console.print("it waits for its hub; Ctrl-C ends it", highlight=False)

    emit(structs.asdict(ready), as_json=as_json, page=page)
