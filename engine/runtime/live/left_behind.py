"""The port of a venue at which a run has left orders and positions."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

import msgspec


class HeldTrade(msgspec.Struct, frozen=True, kw_only=True):
    """Shares that the orders of a run hold at the venue, by the venue's word alone.

    Attributes
    ----------
    trade_id : str
        From the name of the entry.
    shares : Decimal
        Short ones negative.
    unprotected : Decimal
        Those that no order at the venue takes out of the market at a loss.
    is_entering : bool
        An entry in the same stock still works; its legs sleep until it has ended.
    is_leaving : bool
        An order that closes it is on its way.
    exits : int
        Such orders that were sent so far, today.
    refused : str or None
        Why the last of them was refused.
    """

    trade_id: str
    symbol: str
    shares: Decimal
    unprotected: Decimal
    is_entering: bool
    is_leaving: bool
    exits: int
    refused: str | None


class LeftBehind(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the venue.

    Attributes
    ----------
    ts : int
        The venue's own time, UTC ns.
    working : frozenset of str
        Symbols in which an order of the run works.
    strange : tuple of str
        Shares in the account that are not the run's; they are left alone.
    unread : tuple of str
        Rows that could not be read.
    """

    ts: int
    trades: tuple[HeldTrade, ...]
    working: frozenset[str]
    strange: tuple[str, ...]
    unread: tuple[str, ...]

    @property
    def live(self) -> frozenset[str]:
        """Symbols in which the run holds something, or an order of it works."""
        return self.working | {trade.symbol for trade in self.trades}


class ProtectedVenue(Protocol):
    """A venue that can be asked what a run left there, and told to end it."""

    async def look(self) -> LeftBehind:
        """Return what is there now.

        Raises
        ------
        VenueError
            It does not tell.
        """
        ...

    async def cancel_entries(self) -> None:
        """Cancel what would still open or enlarge a position of the run."""
        ...

    def close_trade(self, trade: HeldTrade) -> None:
        """Have the shares of a trade sold at the market, as soon as its own orders let go."""
        ...

    async def close(self) -> None:
        """Close the connections; what was sent stays sent."""
        ...
