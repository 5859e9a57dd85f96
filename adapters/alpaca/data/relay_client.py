"""A relay as the data client of a shard's node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nautilus_trader.config import DataClientConfig
from nautilus_trader.live.clients import DataClientFactory, MarketDataClient
from nautilus_trader.model import CustomData

from adapters.alpaca.data.relay_groups import RelayGroups
from engine.domain.account import ALPACA_MAIN
from engine.domain.errors import RunError, VenueError
from engine.runtime.bridge.relay_tape import TAPE, Heard, TapePassage
from engine.runtime.bridge.values import venue_of
from engine.runtime.live.venue_account import RelayAddress

NAME = "RELAY"
"""The client id under which the node knows it."""


class RelayTape:
    """A relay for one node: how the node makes its data client, and the groups that are heard.

    Parameters
    ----------
    address : RelayAddress
    passage : TapePassage
        Of the actor that works what is heard.
    on_state, on_refused : callable
        See ``RelayGroups``.
    """

    def __init__(
        self,
        address: RelayAddress,
        passage: TapePassage,
        on_state: Callable[[str], None],
        on_refused: Callable[[VenueError], None],
    ) -> None:
        self._passage = passage
        self._client: RelayDataClient | None = None
        self.groups = RelayGroups(address, self._send, passage.room, on_state, on_refused)

    @property
    def name(self) -> str:
        """The client id under which the node knows it."""
        return NAME

    def data_client(self) -> tuple[DataClientFactory, DataClientConfig]:
        """Return how the node makes the client."""
        return _Factory(self._make), DataClientConfig()

    def _make(self, **node: Any) -> RelayDataClient:
        self._client = RelayDataClient(self.groups, **node)
        return self._client

    def _send(self, heard: Heard) -> None:
        if self._client is None:
            raise RunError("the node has not made the client of the relay yet")
        self._passage.sent()
        self._client.hand_over(heard)


class RelayDataClient(MarketDataClient):
    """Hands what the relay says to the node, in order and at once, as messages of our own."""

    def __init__(self, groups: RelayGroups, **node: Any) -> None:
        super().__init__(venue=venue_of(ALPACA_MAIN.venue), **node)
        self._groups = groups

    def hand_over(self, heard: Heard) -> None:
        """Give a message to the node."""
        self._handle_data(CustomData(TAPE, heard))

    async def _connect(self) -> None:
        """Do nothing: a group is connected when its slots are ordered."""

    async def _disconnect(self) -> None:
        await self._groups.end()

    async def _subscribe(self, command: Any) -> None:
        """Do nothing: what is published goes to all who asked for it."""

    async def _unsubscribe(self, command: Any) -> None:
        """Do nothing."""


class _Factory(DataClientFactory):
    """Makes the one client of the relay."""

    def __init__(self, make: Callable[..., RelayDataClient]) -> None:
        self._make = make

    def create(self, **node: Any) -> RelayDataClient:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the client; nothing is opened yet."""
        return self._make(**node)
