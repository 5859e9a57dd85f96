"""``tradectl live --role relay``: hand the feed on to others; and the address of such a relay."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from app.runs.start_wait import StartWait
from cli.terminal.output import emit, say
from engine.domain.errors import ConfigError, TradectlError

if TYPE_CHECKING:
    from rich.console import Console

    from app.markets import MarketName
    from app.relay.run import RelayEnd, RelayReady
    from cli.terminal.day_options import DayOptions
    from cluster.streams.port import Streams
    from engine.runtime.live import RelayAddress

DEFAULT_LISTEN = "127.0.0.1:8766"
_LAST_PORT = 65_535


def serve_relay(
    options: DayOptions,
    *,
    venue: MarketName | None,
    feed: str,
    listen: str,
    keys: Path | None,
    certificate: tuple[Path, Path] | None,
    record: bool,
    database: str,
    redis: str | None,
    wait_secs: float,
) -> None:
    """Run a relay to its end; where it listens is said first.

    Raises
    ------
    ConfigError
        Something was asked for that a relay has nothing to do with.
    """
    from app.live.destination import destination
    from app.live.run import stop_signal
    from app.parameters.desk import approved_at_desk, chosen_at_desk
    from app.relay.run import RelayRequest, relay_run
    from app.runs.explain.day_tape import spool_root
    from store import Journals

    if options.letters or options.symbols or options.strategy:
        raise ConfigError(
            "a relay hands on what its receivers ask for and trades nothing: leave --letters, "
            "--symbols and --strategy to them"
        )
    wait = StartWait(wait_secs, say)
    journals = wait.reached(lambda: Journals(database))
    if options.params or options.sets_parameters:
        params = options.parameters(database)
        given = params.model_fields_set
    else:
        params = wait.reached(lambda: approved_at_desk(journals)).at(time.time_ns())
        given = wait.reached(lambda: chosen_at_desk(journals))
    is_chosen = "alpaca_trading_mode" in given
    asked = None if venue is None else venue.value
    place = destination(params.alpaca_trading_mode, is_chosen=is_chosen, venue=asked)
    host, port = _host_and_port(listen)
    request = RelayRequest(
        market=place.venue.value,
        feed=feed,
        host=host,
        port=port,
        keys=keys,
        certificate=certificate,
        hosts=(),
        spool=spool_root(journals.database),
        params=params,
        wait=wait,
        open=_streams(redis),
    )

    async def run() -> RelayEnd:
        return await relay_run(
            request, lambda ready: _show(ready, as_json=options.as_json), stop_signal(), os.environ
        )

    end = asyncio.run(run())
    say(f"the relay has ended: {end.rows:,} rows in {end.number:,} blocks")
    if record:
        from app.relay.record import record_blocks

        try:
            recorded = record_blocks(end, options.catalog, feed)
        except TradectlError as error:
            error.add_note(
                f"what it has heard is kept in {end.blocks}: the same command with --record and "
                "another --catalog makes that a day when it ends"
            )
            raise
        for kind, rows in recorded.items():
            say(f"{rows:,} {kind} of {end.day} are stored in {options.catalog}")


def certificate(cert: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    """Return certificate and key, None for neither.

    Raises
    ------
    ConfigError
        One is named without the other, or is not there.
    """
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise ConfigError("--tls-cert and --tls-key belong together; name both")
    for path in (cert, key):
        if not path.is_file():
            raise ConfigError(f"{path} is no file; name a certificate and its key in PEM")
    return cert, key


def relay_address(
    url: str | None, keys: Path | None, spool: Path, *, is_needed: bool = False
) -> RelayAddress | None:
    """Return where a relay is and the key for it, None where none was named.

    One that is needed is that of this machine's cluster, else the one on the default port.

    Raises
    ------
    ConfigError
        It is no address of a websocket, or there is no key.
    """
    if url is None and is_needed:
        from app.cluster.found import running_here

        here = running_here()
        url = here.relay if here else f"ws://{DEFAULT_LISTEN}"
        keys = keys or (Path(here.keys) if here else None)
    if url is None:
        if keys is not None:
            raise ConfigError("--relay-keys opens a relay: name one with --relay")
        return None
    from app.relay.address import read_address
    from app.relay.run import KEYS_FILE

    return read_address(url, keys or spool / KEYS_FILE)


def _streams(redis: str | None) -> Callable[[], Streams] | None:
    """Return who opens the streams of a cluster, None where none was named."""
    if redis is None:
        return None
    from app.cluster.found import server_address
    from cluster.streams.redis import RedisStreams

    address = server_address(redis)
    return lambda: RedisStreams(address)


def _show(ready: RelayReady, *, as_json: bool) -> None:
    """Say where the relay listens."""

    def page(console: Console) -> None:
        console.print(f"RELAY of {ready.feed} at {ready.url}, epoch {ready.epoch}", highlight=False)
        for line in (f"keys     {ready.keys}", f"blocks   {ready.blocks}"):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
        console.print("Ctrl-C ends it", highlight=False)

    emit(structs.asdict(ready), as_json=as_json, page=page)


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > _LAST_PORT:
        raise ConfigError(f"--listen is {text!r}, expected HOST:PORT such as {DEFAULT_LISTEN}")
    return host.strip("[]"), int(port)
