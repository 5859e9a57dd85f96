"""A relay on a free port of this machine, fed by the test: no venue, real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Thread
from typing import Any, Self

from adapters.alpaca.wire.rows import RowFinder
from catalog.spool import BlockWriter
from cluster.relay import Relay, RelayKey, RelayKeys, RelayServer, Right, Waiting, relay_app
from serving import DirectSocket, GuardedConfig, Policy, listening
from tests.simulator.market_data.loopback import AnnouncedServer

KEY = RelayKey("READER", "reads-market-data", Right.READ)


class NoVenue:
    """An upstream that takes every subscription and says nothing by itself."""

    state = "live"
    is_live = is_whole = True

    def hears(self, symbols: Mapping[str, Iterable[str]]) -> bool:
        """Hear all."""
        return bool(symbols)

    async def subscribe(self, symbols: Mapping[str, Iterable[str]]) -> None:
        """Take it."""

    async def advance(self, until: int) -> tuple[int, int]:
        """Go there."""
        return until, 0

    def flush(self) -> None:
        """Hold nothing back."""


class RelayInThread:
    """A served relay; ``hear`` feeds it."""

    def __init__(self, folder: Path, waiting: Waiting, port: int = 0) -> None:
        self.finder = RowFinder()
        self.log = BlockWriter(folder)
        self.relay = Relay(self.finder, self.log, waiting=waiting)
        self.server = RelayServer(self.relay, NoVenue(), RelayKeys([KEY]), "sip")
        self._listener = listening("127.0.0.1", port)
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}"
        policy = Policy()
        self._uvicorn = AnnouncedServer(GuardedConfig(relay_app(self.server), policy))
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run)

    def hear(self, frame: bytes, stamp: int) -> None:
        """Have a frame arrive, and wait until it has been handed on."""

        async def heard() -> None:
            self.relay.hear(self.finder.find([frame]), stamp)
            self.relay.flush()

        asyncio.run_coroutine_threadsafe(heard(), self._loop).result()

    def mark(self, t: int) -> None:
        """Have the relay say that all before an instant has been sent."""

        async def marked() -> None:
            self.relay.mark(t)

        asyncio.run_coroutine_threadsafe(marked(), self._loop).result()

    def cut(self) -> None:
        """Cut off every receiver, as a network would."""

        async def aborted() -> None:
            for each in list(self.relay.receivers):
                assert isinstance(each.outlet, DirectSocket)
                await each.outlet.close(1011)

        asyncio.run_coroutine_threadsafe(aborted(), self._loop).result()

    def state(self) -> dict[str, Any]:
        """Return how the relay is doing."""

        async def asked() -> dict[str, Any]:
            return self.server.state

        return asyncio.run_coroutine_threadsafe(asked(), self._loop).result()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._uvicorn.serve(sockets=[self._listener]))

    def __enter__(self) -> Self:
        self._thread.start()
        self._uvicorn.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._uvicorn.should_exit = True
        self._thread.join()
        self.log.close()
