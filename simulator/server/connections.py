"""Its doors, and who has come through them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from simulator.chaos import Switchboard
from simulator.server.fake_feed import FakeFeed
from simulator.server.feeds import Source
from simulator.server.flawed_frames import FLAWS, flawed_market_frame, flawed_trading_frame
from simulator.server.keyring import Holder, Keyring
from simulator.server.market_socket import MarketSocket
from simulator.server.subscribers import Listener
from simulator.server.trading_socket import TradingSocket
from simulator.server.venue import Venue


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
        self.market: set[MarketSocket] = set()
        self.trading: set[TradingSocket] = set()
        self.fake_feed = FakeFeed()
        self.missed: Callable[[], None] = _ignore
        self._hearers: dict[Source, set[Listener]] = {
            Source.TAPE: venue.subscribers.listeners,
            Source.NEWS: venue.news_stream.listeners,
            Source.MADE_UP: self.fake_feed.listeners,
        }
        self._open: Counter[tuple[str, str]] = Counter()

    def enter(self, socket: MarketSocket, holder: Holder) -> bool:
        """Let an authenticated socket in, unless the endpoint has its number."""
        place = socket.feed.path, holder.key
        if self._open[place] >= self.connections or self.chaos.lasts("refuse_connections_secs"):
            return False
        self._open[place] += 1
        self.market.add(socket)
        self._hearers[socket.feed.source].add(socket)
        return True

    def leave(self, socket: MarketSocket) -> None:
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
        sockets = [*self.market, *self.trading]
        for socket in sockets:
            match what:
                case "drop":
                    socket.outbox.cut()
                case "half_open":
                    socket.outbox.swallow()
                case "close_1011":
                    socket.end(1011, None)
                case flaw if flaw in FLAWS:
                    socket.outbox.put(self._flawed(flaw, socket))
                case _ if isinstance(socket, MarketSocket):
                    socket.fall_behind()
                case _:
                    pass
        return len(sockets)

    def _flawed(self, flaw: str, socket: MarketSocket | TradingSocket) -> str | bytes:
        if isinstance(socket, TradingSocket):
            return flawed_trading_frame(flaw)
        symbol = self.venue.playhead.reader.symbols[0]
        return flawed_market_frame(flaw, socket.codec, symbol, self.venue.now)


def _ignore() -> None:
    """Do nothing."""
