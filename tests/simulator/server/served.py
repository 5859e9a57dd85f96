"""A look-alike that serves on a free port of this machine, in a thread of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from threading import Thread
from typing import Any, Self

import httpx
import msgpack
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from catalog import Catalog, StoredReference
from serving import Limits, Policy, listening
from simulator.server import CONTROL_PREFIX, Holder, Setting, app, connections
from simulator.server.serve import config
from tests.simulator.market_data.loopback import AnnouncedServer
from tests.simulator.server.conftest import DAY

ALICE = Holder("ALICE", "alice-secret")
BOB = Holder("BOB", "bob-secret", basic=True)
STEERS = {"X-Tradectl-Token": "token-of-a-test-server"}
POLICY = Policy(control_prefix=CONTROL_PREFIX, control_token=STEERS["X-Tradectl-Token"])
MSGPACK = {"Content-Type": "application/msgpack"}


class Served:
    """A running simulator.

    Attributes
    ----------
    hall
        Its inside, to look at.
    """

    def __init__(self, market: Catalog, setting: Setting, **limits: Any) -> None:
        reference = StoredReference(market)
        self.connections = connections(market, setting, reference)
        listener = listening("127.0.0.1", 0)
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"
        served, policy = (
            app(self.connections, market, setting, reference),
            replace(POLICY, limits=Limits(**limits)),
        )
        self._server = AnnouncedServer(config(served, policy))
        self._listener = listener
        self._thread = Thread(target=self._run)

    def rest(self, holder: Holder = ALICE) -> httpx.Client:
        """Return a client of the trading API that may steer, too."""
        headers = keys(holder) | STEERS
        return httpx.Client(base_url=f"http://{self.address}", headers=headers, timeout=120)

    def admin(self) -> httpx.AsyncClient:
        """Return a client that steers."""
        return httpx.AsyncClient(base_url=f"http://{self.address}", headers=STEERS)

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._listener]))

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()


def keys(holder: Holder) -> dict[str, str]:
    return {"APCA-API-KEY-ID": holder.key, "APCA-API-SECRET-KEY": holder.secret}


class Client:
    """One websocket that speaks one codec."""

    def __init__(self, socket: ClientConnection, *, packed: bool) -> None:
        self.socket = socket
        self.packed = packed

    async def say(self, **message: Any) -> None:
        """Send a message."""
        text = json.dumps(message)
        await self.socket.send(msgpack.packb(message) or b"" if self.packed else text)

    async def hear(self) -> Any:
        """Return the next frame, read."""
        return unpacked(await asyncio.wait_for(self.socket.recv(), 60))

    async def ask(self, **message: Any) -> Any:
        """Send a message and return the next frame."""
        await self.say(**message)
        return await self.hear()

    async def grant(self, until: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Grant time and return the rows that came and the clock."""
        await self.say(action="advance", until=until)
        rows: list[dict[str, Any]] = []
        while True:
            for row in await self.hear():
                if row["T"] in {"clock", "error"}:
                    return rows, row
                rows.append(row)


def unpacked(frame: str | bytes) -> Any:
    if isinstance(frame, str) or frame[:1] in {b"{", b"["}:
        return json.loads(frame)
    return msgpack.unpackb(frame)


@asynccontextmanager
async def market_client(
    served: Served, *, path: str = "/v2/sip", packed: bool = True, holder: Holder | None = ALICE
) -> AsyncIterator[Client]:
    """Yield a market-data client, authenticated unless nobody is named."""
    headers = MSGPACK if packed else {}
    url = f"ws://{served.address}{path}"
    async with connect(url, additional_headers=headers, compression=None) as socket:
        client = Client(socket, packed=packed)
        assert await client.hear() == [{"T": "success", "msg": "connected"}]
        if holder is not None:
            told = await client.ask(action="auth", key=holder.key, secret=holder.secret)
            assert told == [{"T": "success", "msg": "authenticated"}]
        yield client


@asynccontextmanager
async def trading_client(served: Served, holder: Holder = ALICE) -> AsyncIterator[Client]:
    """Yield a client that listens to its account's updates."""
    async with connect(f"ws://{served.address}/stream") as socket:
        client = Client(socket, packed=False)
        data = {"key_id": holder.key, "secret_key": holder.secret}
        await client.ask(action="authenticate", data=data)
        await client.ask(action="listen", data={"streams": ["trade_updates"]})
        yield client


async def closed(client: Client) -> int | None:
    """Wait for the end of a connection and return its code, None for a cut one."""
    try:
        while True:
            await asyncio.wait_for(client.socket.recv(), 60)
    except ConnectionClosed as gone:
        return gone.rcvd.code if gone.rcvd is not None else None


def setting(**changes: Any) -> Setting:
    from simulator.exchange import fill_mode

    base: dict[str, Any] = {"day": DAY, "fills": fill_mode("base"), "holders": (ALICE, BOB)}
    return Setting(**base | changes)
