"""A relay from its start to its end: the venue's feed in, numbered blocks out, all of it kept."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from app.cluster.admission import be_admitted
from app.cluster.node_voice import NodeVoice
from app.markets import relayed_feed
from app.relay.subscriptions import Subscriptions
from catalog.spool import BlockWriter, last_blocks
from cluster.relay import Relay, RelayKeys, RelayServer, Upstream, relay_app
from cluster.streams.port import Streams
from engine.domain.errors import ConfigError
from engine.domain.session import day_of
from engine.runtime.live import GrantedTime, RunningTime
from serving import GuardedConfig, Policy, listening, served

if TYPE_CHECKING:
    from app.runs.start_wait import StartWait
    from engine.domain.parameters import Parameters

DEFAULT_PORT = 8766
KEYS_FILE = "relay.keys"

_FEED, _RECORDING = "feed", "recording"
_FETCHING = "a gap is being fetched"
_MARK_SECS = 0.25
_RECALLED_BYTES = 256 << 20
_KEY_MODE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayRequest:
    """What was asked for.

    Attributes
    ----------
    market : str
        Whose feed, by the market's name.
    feed : str
        By the venue's name for it.
    host, port
        Where to listen; port 0 for a free one.
    keys : Path or None
        The keys that open it; None for a pair of its own, in a file that only this user reads.
    certificate : tuple of Path or None
        Certificate and key for TLS; what other machines reach has one.
    hosts : tuple of str
        Names by which other machines call it.
    spool : Path
        Folder under which blocks are kept.
    params : Parameters
        When buckets close, and how long a feed may be silent.
    wait : StartWait
        For how long a venue that is down at the start is waited for.
    open : callable, optional
        Returns the streams of a cluster, over which the relay says how it is.
    """

    market: str
    feed: str
    host: str
    port: int
    keys: Path | None
    certificate: tuple[Path, Path] | None
    hosts: tuple[str, ...]
    spool: Path
    params: Parameters
    wait: StartWait
    open: Callable[[], Streams] | None = None


class RelayReady(msgspec.Struct, frozen=True):
    """Where a relay listens, which file has its keys, and which folder what it hears."""

    url: str
    feed: str
    keys: str
    blocks: str
    epoch: int


class RelayEnd(msgspec.Struct, frozen=True):
    """What a relay came to: ``rows`` in ``number`` blocks, kept in the folder ``blocks``.

    ``is_granted`` says that a simulator's time was granted step by step.
    """

    epoch: int
    number: int
    rows: int
    blocks: str
    day: str
    is_granted: bool


async def relay_run(
    request: RelayRequest,
    ready: Callable[[RelayReady], None],
    stop: asyncio.Event,
    environment: Mapping[str, str],
) -> RelayEnd:
    """Hand a feed on until ``stop`` is set, or the New York day is over.

    Parameters
    ----------
    ready : callable
        Hears once where it listens.

    Raises
    ------
    ConfigError
        Keys, address, certificate or the machine's clock will not do.
    VenueError
        The venue cannot be reached at the start for as long as was asked for, or refuses us.
    StreamsDenied
        The server of the cluster refuses this user.
    """
    refusal = "" if request.certificate and request.keys else _REACHED
    path = request.keys or own_keys(request.spool)
    keys = RelayKeys.read(path)
    if request.open is not None:
        await be_admitted(request.open)
    with listening(request.host, request.port, refusal=refusal) as listener:
        upstream = relayed_feed(request.market, request.feed, environment)
        try:
            host_time = await request.wait.reached_soon(upstream.host_time)
            day = day_of(host_time())
            folder = request.spool / f"relay-{request.market}-{request.feed}-{day}"
            is_granted = isinstance(host_time, GrantedTime)
            log = BlockWriter(folder)
            upstream.recall(last_blocks(folder, _RECALLED_BYTES))
            relay = Relay(upstream.finder, log)
            stale_secs = request.params.stale_feed_seconds
            upstream.open(relay.hear, relay.gap, relay.lose, host_time, stale_secs)
            subscriptions = Subscriptions(folder)
            await upstream.subscribe(subscriptions.read())
            relay.on_subscribed = lambda: subscriptions.keep(upstream.subscribed)
            _make_room(request, folder)
            server = RelayServer(relay, upstream, keys, request.feed)

            def listens(url: str) -> None:
                ready(RelayReady(url, request.feed, str(path), str(folder), log.epoch))

            tasks = [
                asyncio.create_task(upstream.run()),
                asyncio.create_task(_serve(server, listener, request, listens)),
            ]
            if isinstance(host_time, RunningTime):  # granted time is marked as it is granted
                marking = _mark(relay, upstream, host_time, request.params)
                tasks.append(asyncio.create_task(marking))
            if request.open is not None:
                tasks.append(asyncio.create_task(_say(request.open(), relay, upstream)))
            try:
                await _until_over(stop, host_time, day, tasks)
                await server.close()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                log.close()
            return RelayEnd(log.epoch, relay.number, relay.rows, str(folder), str(day), is_granted)
        finally:
            await upstream.close()


_REACHED = (
    ", so it wants keys of its own and TLS: name --relay-keys, --tls-cert and --tls-key, or use "
    "127.0.0.1"
)


def own_keys(spool: Path) -> Path:
    """Return the file with the keys of relays that nobody gave any; made if it is not there.

    Raises
    ------
    ConfigError
        It cannot be written.
    """
    path = spool / KEYS_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            path.touch(_KEY_MODE, exist_ok=False)
            key, secret = f"RELAY{secrets.token_hex(6).upper()}", secrets.token_hex(20)
            path.write_text(f"{key}:{secret}:steer\n")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
    return path


def _make_room(request: RelayRequest, folder: Path) -> None:
    """Remove the blocks of days before the last one."""
    earlier = sorted(folder.parent.glob(f"relay-{request.market}-{request.feed}-*"))
    for each in earlier[: earlier.index(folder)][:-1]:
        shutil.rmtree(each)


async def _until_over(
    stop: asyncio.Event,
    host_time: RunningTime | GrantedTime,
    day: object,
    tasks: Sequence[asyncio.Task[None]],
) -> None:
    """Wait until somebody wants the end, the day is over, or a task has ended by itself."""
    stopping = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set() and day_of(host_time()) == day:
            await asyncio.wait({stopping, *tasks}, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
                    return
    finally:
        stopping.cancel()


async def _say(streams: Streams, relay: Relay, upstream: Upstream) -> None:
    """Say how the relay is until it is cancelled."""

    def more() -> dict[str, Any]:
        if upstream.is_whole:
            voice.issues.pop(_FEED, None)
        else:
            voice.issues[_FEED] = upstream.state if not upstream.is_live else _FETCHING
        if relay.is_kept:
            voice.issues.pop(_RECORDING, None)
        else:
            voice.issues[_RECORDING] = "blocks cannot be written: make room on the disk"
        return {"epoch": relay.log.epoch}

    voice = NodeVoice(streams, "relay", "relay", more)
    try:
        await voice.keep_saying()
    finally:
        await streams.close()


async def _mark(
    relay: Relay, upstream: Upstream, host_time: RunningTime, params: Parameters
) -> None:
    """Mark time four times a second and where buckets close, while nothing is missing."""
    width, grace = params.bucket_ns, params.grace_ns
    while True:
        now = host_time()
        closes = now - (now - grace) % width + width
        await asyncio.sleep(min(host_time.secs_until(closes), _MARK_SECS))
        upstream.flush()
        if upstream.is_whole:
            relay.mark(host_time())


async def _serve(
    server: RelayServer,
    listener: socket.socket,
    request: RelayRequest,
    ready: Callable[[str], None],
) -> None:
    host = listener.getsockname()[0]
    policy = Policy(hosts=(f"[{host}]" if ":" in host else host, *request.hosts))
    config = GuardedConfig(
        relay_app(server),
        policy,
        certificate=request.certificate,
        headers=[("Server", "tradectl-relay")],
    )
    scheme = "wss" if request.certificate else "ws"

    def listens(at: str, port: int) -> None:
        ready(f"{scheme}://{at}:{port}")

    await served(config, listener, listens, takes_signals=False)
