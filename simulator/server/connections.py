"""Its doors, and who has come through them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from simulator.chaos import Switchboard
from simulator.server.fake_feed import FakeFeed
from simulator.server.feeds import Feed, Source
from simulator.server.keyring import Holder, Keyring
from simulator.server.streams.flawed_frames import FLAWS
from simulator.server.streams.outbox import Outbox
from simulator.server.streams.subscribers import Listener
from simulator.server.venue import Venue


class OpenSocket(Protocol):
    """A connection of either kind, as what happens to all of them needs it."""

    outbox: Outbox

    def end(self, code: int, last: str | bytes | None) -> None:
        """Close the socket, without anybody waiting for it."""
        ...

    def fall_behind(self) -> None:
        """Cut the client off as one that reads too slowly, where the protocol knows that."""
        ...

    def flawed_frame(self, flaw: str) -> str | bytes:
        """Return a frame of this protocol with one of ``FLAWS``."""
        ...


class FeedSocket(OpenSocket, Listener, Protocol):
    """A connection of market data."""

    holder: Holder | None
    feed: Feed


class Connections:
    """Sockets and accounts around one venue.

    Attributes
    ----------
    account_ids : dict
        The exchange's account of each key.
    connections : int
        How many sockets a key may have open on one endpoint.
    missed : callable
        Called when a socket is gone that heard every print: what it misses will be asked for.
    """

    def __init__(
        self,
        venue: Venue,
        keyring: Keyring,
        account_ids: Mapping[str, str],
        chaos: Switchboard,
        *,
        connections: int = 1,
    ) -> None:
        self.venue = venue
        self.keyring = keyring
        self.account_ids = account_ids
        self.chaos = chaos
        self.connections = connections
        self.market: set[FeedSocket] = set()
        self.trading: set[OpenSocket] = set()
        self.fake_feed = FakeFeed()
        self.missed: Callable[[], None] = _ignore
        self._hearers: dict[Source, set[Listener]] = {
            Source.TAPE: venue.subscribers.listeners,
            Source.NEWS: venue.news_stream.listeners,
            Source.MADE_UP: self.fake_feed.listeners,
        }
        self._open: Counter[tuple[str, str]] = Counter()

    def enter(self, socket: FeedSocket, holder: Holder) -> bool:
        """Let an authenticated socket in, unless the endpoint has its number."""
        place = socket.feed.path, holder.key
        if self._open[place] >= self.connections or self.chaos.lasts("refuse_connections_secs"):
            return False
        self._open[place] += 1
        self.market.add(socket)
        self._hearers[socket.feed.source].add(socket)
        return True

    def leave(self, socket: FeedSocket) -> None:
        """Take leave of a socket."""
        if socket not in self.market or socket.holder is None:
            return
        self.market.discard(socket)
        self._open[socket.feed.path, socket.holder.key] -= 1
        self._hearers[socket.feed.source].discard(socket)
        if socket.feed.source is Source.TAPE and socket.subscriptions.takes("trades", "*"):
            self.missed()

    def strike(self, what: str) -> int:
        """Do something to every open socket at once and return to how many."""
        sockets: list[OpenSocket] = [*self.market, *self.trading]
        for socket in sockets:
            match what:
                case "drop":
                    socket.outbox.cut()
                case "half_open":
                    socket.outbox.swallow()
                case "close_1011":
                    socket.end(1011, None)
                case flaw if flaw in FLAWS:
                    socket.outbox.put(socket.flawed_frame(flaw))
                case _:
                    socket.fall_behind()
        return len(sockets)


def _ignore() -> None:
    """Do nothing."""
