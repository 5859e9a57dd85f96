"""The connections of a shard to its relay, one for each group of slots; they know no nautilus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from websockets.exceptions import ConnectionClosed

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.endpoints import is_loopback
from adapters.alpaca.streams.relay_stream import RelayStream
from adapters.transport.connection import open_socket
from adapters.transport.kept_socket import Patience, Phase
from engine.domain.errors import VenueError, VenueRejected, VenueUnavailable
from engine.runtime.bridge.relay_tape import Heard
from engine.runtime.live.venue_account import RelayAddress

_AUTH_FAILED, _OTHER_FEED = 402, 409
"""Codes of the protocol; the second is said to those alone whose key is known."""
_GREETED_SECS = 3.0

# shards of one relay that was restarted come back soon: their buckets wait
_PATIENCE = Patience(first_retry_secs=0.1, longest_retry_secs=2.0)


@dataclass(slots=True)
class _Connection:
    """One group's connection and the task that keeps it."""

    stream: RelayStream
    task: asyncio.Task[None]


class RelayGroups:
    """Keeps a connection for each group and hands on what it hears, in order.

    Parameters
    ----------
    address : RelayAddress
    hand_over : callable
        Takes what was heard.
    has_room : callable
        Waits until whoever takes it can take more.
    on_state : callable
        Takes why nothing is heard on some connection, empty where all are live.
    on_refused : callable
        Takes why the relay refuses us: a person must act.
    """

    def __init__(
        self,
        address: RelayAddress,
        hand_over: Callable[[Heard], None],
        has_room: Callable[[], Awaitable[None]],
        on_state: Callable[[str], None],
        on_refused: Callable[[VenueError], None],
    ) -> None:
        self._address = address
        self._credentials = Credentials(
            address.key, address.secret, "the key of the relay in --relay-keys"
        )
        self._hand_over = hand_over
        self._has_room = has_room
        self._on_state = on_state
        self._on_refused = on_refused
        self._connections: dict[int, _Connection] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def greet(self) -> None:
        """Have the relay look at the key once.

        Raises
        ------
        VenueRejected
            It does not open the relay.
        VenueUnavailable
            The relay is not there.
        """
        url = f"{self._address.url}/v2/any"
        socket = await open_socket(
            url,
            headers=self._credentials.headers(),
            open_secs=_GREETED_SECS,
            ping_secs=_GREETED_SECS,
            pong_secs=_GREETED_SECS,
            proxied=not is_loopback(url),
            compresses=False,
        )
        try:
            async with asyncio.timeout(_GREETED_SECS):
                while not self._is_known(await socket.recv()):
                    pass
        except (TimeoutError, ConnectionClosed) as error:
            raise VenueUnavailable(f"{self._address.url}: the relay does not answer") from error
        finally:
            await socket.close()

    def _is_known(self, frame: bytes | str) -> bool:
        """Say whether the relay lets us in, for whichever feed; raises ``VenueRejected``."""
        for said in msgspec.json.decode(frame, type=list[dict[str, Any]]):
            if said.get("code") == _AUTH_FAILED:
                raise VenueRejected(
                    f"{self._address.url} does not know the key; check {self._credentials.origin}",
                    code=_AUTH_FAILED,
                )
            if said.get("msg") == "authenticated" or said.get("code") == _OTHER_FEED:
                return True
        return False

    def open(
        self,
        group: int,
        prefixes: Sequence[str],
        *,
        feed: str,
        received_at: bool,
        symbols: Sequence[str],
    ) -> None:
        """Connect for a group and have the day so far sent again; see ``RelayStream``."""
        stream = RelayStream(
            f"{self._address.url}/v2/{feed}",
            self._credentials,
            prefixes,
            on_frame=lambda frame: self._hand_over(Heard.rows(group, frame.quotes, frame.trades)),
            on_mark=lambda mark: self._hand_over(Heard(group, mark=mark.ts)),
            on_gap=lambda gap: self._hand_over(Heard(group, gap=gap)),
            on_state=lambda _: self._on_state(self.waits),
            received_at=received_at,
            symbols=symbols,
            has_room=self._has_room,
            patience=_PATIENCE,
            seed=group,
        )
        task = asyncio.ensure_future(self._keep(stream))
        self._connections[group] = _Connection(stream, task)

    def close(self, group: int) -> None:
        """End the connection of a group."""
        connection = self._connections.pop(group, None)
        if connection is not None:
            connection.task.cancel()
            self._ending.add(connection.task)
            connection.task.add_done_callback(self._ending.discard)

    async def end(self) -> None:
        """End all connections."""
        for group in [*self._connections]:
            self.close(group)
        await asyncio.gather(*self._ending, return_exceptions=True)

    @property
    def waits(self) -> str:
        """Why nothing is heard on some connection, empty where all are live."""
        states = (each.stream.state for each in self._connections.values())
        down = (each for each in states if each.phase is not Phase.LIVE)
        return next((each.reason or each.phase.value for each in down), "")

    async def _keep(self, stream: RelayStream) -> None:
        try:
            await stream.run()
        except VenueError as error:
            self._on_refused(error)
