"""The markets that take tickets, by name, and what each says of itself."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import msgspec

from app.backtest.stored_days import stored_day
from app.markets import (
    LOCAL_PAPER,
    MarketName,
    capabilities,
    market_name,
    paper_tickets,
    tickets_of,
)
from catalog import Catalog
from engine.domain.errors import ConfigError
from engine.domain.markets.instrument import Instrument, ListedInstruments
from engine.domain.markets.market import Capabilities, Market

NAMES = (*MarketName, LOCAL_PAPER)


class MarketShown(msgspec.Struct, frozen=True):
    """What a market can do, and what can be traded there, by symbol."""

    name: str
    venue: str
    capabilities: Capabilities
    instruments: tuple[Instrument, ...]


def known_markets() -> list[MarketShown]:
    """Return every market with what it can do; none of them is asked."""
    return [MarketShown(name, *capabilities(name), ()) for name in NAMES]


async def shown_market(
    name: str, symbol: str | None, *, catalog: str, day: str | None
) -> MarketShown:
    """Return a market with its instruments, or with one of them.

    Parameters
    ----------
    catalog, day : str, str or None
        Of our own market: where its day is stored, and which it is, the last by default.

    Raises
    ------
    ConfigError
        There is no such market, or its keys are not set.
    NotFoundError
        The market does not trade the symbol, or the day is not stored.
    VenueError
        It cannot be asked.
    """
    name = market_name(name)
    async with AsyncExitStack() as stack:
        asked = await _opened(name, catalog, day, stack)
        listed = ListedInstruments(await asked.instruments())
        found = listed.all() if symbol is None else (listed.find(symbol),)
        return MarketShown(name, asked.venue, await asked.capabilities(), found)


async def _opened(name: str, catalog: str, day: str | None, stack: AsyncExitStack) -> Market:
    """Return a market that can be asked about itself until the stack ends."""
    if name not in NAMES:
        raise ConfigError(f"market {name!r} is unknown; known are {', '.join(NAMES)}")
    if name == LOCAL_PAPER:
        source = Catalog.open(catalog)
        return await paper_tickets(source, stored_day(source, day), stack)
    return await tickets_of(name, stack)


def plain(shown: MarketShown) -> dict[str, Any]:
    """Return a market as JSON has it; of what was not asked for nothing is said."""
    told: dict[str, Any] = msgspec.to_builtins(shown, str_keys=True)
    if not shown.instruments:
        del told["instruments"]
    return told
