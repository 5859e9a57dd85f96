"""A relay in a process of its own before a simulator, and a receiver of its blocks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import msgpack
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.cli.live.live_place import KEYS, Place
from tests.forked_processes import Child

_PATIENCE_SECS = 60
RELAY_KEYS = ("READER:reads-market-data", "HUB:reads-and-steers:steer")


class RunningRelay:
    """A relay.

    Attributes
    ----------
    ready : dict
        What it said when it began to listen.
    """

    def __init__(self, process: Child, ready: dict[str, Any], keys: Path) -> None:
        self.process = process
        self.ready = ready
        self.keys = keys

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.ready["url"]

    @property
    def keys_to_steer(self) -> Path:
        """A file with the key alone that steers time."""
        path = self.keys.with_name("steer.keys")
        path.touch(0o600)
        path.write_text(RELAY_KEYS[1])
        return path

    @property
    def blocks(self) -> Path:
        """Where it keeps what it hears."""
        return Path(self.ready["blocks"])


@contextmanager
def relayed(place: Place, *arguments: str, port: int = 0) -> Iterator[RunningRelay]:
    """Run a relay of a place's simulator until it is left, with SIGTERM in the end."""
    keys = place.folder / "keys"
    keys.touch(0o600)
    keys.write_text("\n".join(RELAY_KEYS))
    words = ("live", "--role", "relay", "--venue", "alpaca-sim", "--database", place.database)
    words = (*words, "--listen", f"127.0.0.1:{port}", "--relay-keys", str(keys), "--json")
    added = {"APCA_API_KEY_ID": KEYS[0], "APCA_API_SECRET_KEY": KEYS[1]}
    added["TRADECTL_SIM_URL"] = place.url
    process = place.nursery.child((*words, *arguments), added, place.folder)
    with process:
        try:
            line = process.first_line()
            assert line, process.communicate()[1]
            yield RunningRelay(process, json.loads(line), keys)
            process.send_signal(15)
        except BaseException:
            process.kill()
            raise


class Receiver:
    """One of ours: it counts blocks, and knows when it has missed one.

    Attributes
    ----------
    rows : list of dict
        Of all blocks, in order, each with the block's ``stamp``.
    position : tuple of (int, int)
        Epoch and number of the last block.
    marks, gaps : list of dict
        As they came.
    """

    def __init__(self, prefixes: Sequence[str]) -> None:
        self.prefixes = list(prefixes)
        self.rows: list[dict[str, Any]] = []
        self.marks: list[dict[str, Any]] = []
        self.gaps: list[dict[str, Any]] = []
        self.position = (0, 0)
        self._socket: ClientConnection | None = None

    async def open(self, url: str, *, again: bool = False, key: str = RELAY_KEYS[1]) -> Self:
        """Connect and subscribe; ``again`` asks for what came behind the last block."""
        name, secret, *_ = key.split(":")
        headers = {"Content-Type": "application/msgpack"}
        self._socket = await connect(f"{url}/v2/sip", additional_headers=headers, max_size=None)
        assert (await self.frame())[0]["msg"] == "connected"
        await self.say(action="auth", key=name, secret=secret)
        assert (await self.frame())[0]["msg"] == "authenticated"
        since = dict(zip("en", self.position, strict=True))
        asked = {"prefixes": self.prefixes, "channels": ["trades"]} | (
            {"from": since} if again else {}
        )
        await self.say(action="subscribe", **asked)
        while (told := (await self.frame())[0])["T"] != "subscription":
            self._take([told])
        if not again:
            self.position = (told["e"], told["n"])
        return self

    async def say(self, **message: Any) -> None:
        """Send a message."""
        assert self._socket
        await self._socket.send(msgpack.packb(message) or b"")

    async def frame(self) -> list[dict[str, Any]]:
        """Return the next frame, read."""
        assert self._socket
        data = await asyncio.wait_for(self._socket.recv(), _PATIENCE_SECS)
        return msgpack.unpackb(data, timestamp=0) if isinstance(data, bytes) else json.loads(data)

    async def until_mark(self, ts: int) -> None:
        """Take what comes until all before an instant (UTC ns) has come."""
        while not self.marks or self.marks[-1]["t"].to_unix_nano() < ts:
            self._take(await self.frame())

    async def take_next(self) -> None:
        """Take the next frame."""
        self._take(await self.frame())

    async def until_lost(self) -> None:
        """Take what comes until the connection is gone."""
        with suppress(ConnectionClosed):
            while True:
                self._take(await self.frame())

    async def grant(self, until: int) -> None:
        """Have the simulator grant time, and take what comes until then."""
        await self.say(action="advance", until=until)
        await self.until_mark(until)

    async def close(self) -> None:
        """Leave."""
        assert self._socket
        await self._socket.close()

    def _take(self, frame: list[dict[str, Any]]) -> None:
        head, *rows = frame
        match head["T"]:
            case "relay":
                assert head["p"] == self.position[1], f"a block is missing before {head}"
                self.position = (head["e"], head["n"])
                self.rows += [row | {"stamp": head["t"].to_unix_nano()} for row in rows]
            case "clock":
                self.marks.append(head)
            case "gap":
                self.gaps.append(head)
            case _:
                raise AssertionError(f"{head} was not asked for")
