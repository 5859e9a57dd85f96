"""The markets that orders can go to, by name; the one module of use cases that knows venues."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.domain.account import ALPACA_MAIN, PAPER_MAIN
from engine.domain.errors import ConfigError
from engine.domain.markets.instrument import UsStocks
from engine.domain.session import session

if TYPE_CHECKING:
    from contextlib import AsyncExitStack
    from datetime import date

    from adapters.alpaca.data.relay_client import RelayTape
    from adapters.alpaca.relayed import RelayedFeed
    from engine.domain.errors import VenueError
    from engine.domain.market_data.quotes import QuoteBatch
    from engine.domain.market_data.recorded import MarketData
    from engine.domain.market_data.status import TradingStatus
    from engine.domain.market_data.trades import TradeBatch
    from engine.domain.markets.market import Capabilities, Market
    from engine.runtime.bridge.relay_tape import TapePassage
    from engine.runtime.live import RelayAddress, VenueAccount

type OpenMarket = Callable[[str, Mapping[str, str]], VenueAccount]
"""Takes a market's name and the environment; returns the account there, with its keys."""


class MarketName(StrEnum):
    """The markets by the name they are asked for."""

    SIM = "alpaca-sim"
    PAPER = "alpaca-paper"
    LIVE = "alpaca-live"


LOCAL_PAPER = "local-paper"
"""Our own paper account, on this machine, over a day of the catalog; no live run trades it yet."""

_RENAMED = {"paper": LOCAL_PAPER}
"""Names of earlier versions."""

REAL_MONEY = frozenset({MarketName.LIVE})
"""Markets whose orders cost money: each start is confirmed in words."""


def market(name: str, environment: Mapping[str, str] = os.environ) -> VenueAccount:
    """Return the account at a market by its name, with the keys of the environment.

    Raises
    ------
    ConfigError
        No such market, its keys are not set, or its address is none.
    """
    if name not in _MARKETS:
        raise ConfigError(f"market {name!r} is unknown; known are {', '.join(_MARKETS)}")
    return _MARKETS[MarketName(name)](name, environment)


def simulated_market(url: str, key_id: str, secret: str) -> VenueAccount:
    """Return an account at a simulator of ours, whatever the environment says.

    Raises
    ------
    ConfigError
        The address or a key is none.
    """
    from adapters.alpaca.account import AlpacaAccount

    return AlpacaAccount.at_simulator(url, key_id, secret)


def relayed_feed(name: str, feed: str, environment: Mapping[str, str] = os.environ) -> RelayedFeed:
    """Return a market's feed as a relay hands it on; raises as ``market``."""
    from adapters.alpaca.account import AlpacaAccount

    if name not in _MARKETS:
        raise ConfigError(f"market {name!r} is unknown; known are {', '.join(_MARKETS)}")
    return AlpacaAccount.of(name, environment).relayed(feed)


def relay_tape(
    address: RelayAddress,
    passage: TapePassage,
    on_state: Callable[[str], None],
    on_refused: Callable[[VenueError], None],
) -> RelayTape:
    """Return a relay for the node of a shard; see ``RelayTape``."""
    from adapters.alpaca.data.relay_client import RelayTape

    return RelayTape(address, passage, on_state, on_refused)


def frame_batches(
    frames: Iterable[tuple[bytes, int]], *, received_at: bool
) -> Iterator[TradeBatch | QuoteBatch | Sequence[TradingStatus]]:
    """Yield what frames of a relay say, each with its arrival (UTC ns), as columns.

    Parameters
    ----------
    received_at : bool
        Whether rows say themselves when they arrived, as those of time that is granted do.
    """
    from adapters.alpaca.wire.market import FrameDecoder

    decoder = FrameDecoder(received_at=received_at)
    for frame, stamp in frames:
        read = decoder.decode(frame, stamp)
        for arrived in (read.statuses, read.quotes, read.trades):
            if arrived is not None and len(arrived):
                yield arrived


async def tickets_of(name: str, stack: AsyncExitStack) -> Market:
    """Return a market that takes tickets, open until the stack ends; raises as ``market``."""
    from adapters.alpaca.account import AlpacaAccount

    if name not in _MARKETS:
        raise ConfigError(f"market {name!r} is unknown; known are {', '.join(_MARKETS)}")
    asked = AlpacaAccount.of(name).tickets()
    stack.push_async_callback(asked.close_down)
    return asked


async def paper_tickets(source: MarketData, day: date, stack: AsyncExitStack) -> Market:
    """Return our own market over a recorded day, at its close, open until the stack ends."""
    from adapters.paper.market import PaperMarket
    from adapters.paper.tape import RecordedTape

    ends = session(day).close_ns
    tape = RecordedTape(source, day, UsStocks(PAPER_MAIN.venue), lambda: ends)
    return await stack.enter_async_context(PaperMarket(tape, None, now=lambda: ends))


def market_name(name: str) -> str:
    """Return a market's name, also by the one it had in an earlier version."""
    return _RENAMED.get(name, name)


def capabilities(name: str) -> tuple[str, Capabilities]:
    """Return a market's venue as facts name it and what it can do, without asking it."""
    if name == LOCAL_PAPER:
        from adapters.paper.market import CAPABILITIES as OURS

        return PAPER_MAIN.venue, OURS
    from adapters.alpaca.market.market import CAPABILITIES

    return ALPACA_MAIN.venue, CAPABILITIES


def _alpaca(name: str, environment: Mapping[str, str]) -> VenueAccount:
    from adapters.alpaca.account import AlpacaAccount

    return AlpacaAccount.of(name, environment)


_MARKETS: Mapping[MarketName, OpenMarket] = {
    MarketName.SIM: _alpaca,
    MarketName.PAPER: _alpaca,
    MarketName.LIVE: _alpaca,
}
