"""What a venue attests: the positions of an account, and the open orders that protect them."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec


class LegRole(StrEnum):
    """What an open order does to a position."""

    STOP = "stop"
    TARGET = "target"
    CLOSING = "closing"
    OTHER = "other"


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One open order in the symbol of a position, or of none.

    Attributes
    ----------
    covers : Decimal
        Shares that it protects; 0 for targets, for what sleeps, for what is not attested to work,
        and for what adds to the position.
    price : Decimal or None
        Stop price, else limit, USD; of a trailing stop where it stands now.
    is_foreign : bool or None
        Whether no run of ours named it; None for a leg whose name the venue gave it.
    """

    order_id: str
    client_order_id: str
    symbol: str
    role: LegRole
    type: str
    side: str
    status: str
    quantity: Decimal
    covers: Decimal
    price: Decimal | None
    is_foreign: bool | None


class Protection(msgspec.Struct, frozen=True, kw_only=True):
    """A position and what covers it; ``shares`` is positive on both sides.

    Attributes
    ----------
    protected : Decimal
        Shares out of which a stop, or a market order that closes, takes the account.
    unprotected : Decimal
        The rest.
    """

    symbol: str
    side: str
    shares: Decimal
    avg_entry_price: Decimal
    market_value: Decimal | None
    protected: Decimal
    unprotected: Decimal
    legs: tuple[Leg, ...]


class Attested(msgspec.Struct, frozen=True):
    """Every position, by symbol, and the open orders in symbols that are flat."""

    positions: tuple[Protection, ...]
    others: tuple[Leg, ...]

    @property
    def unprotected(self) -> Decimal:
        """Shares of all positions that nothing covers."""
        return sum((each.unprotected for each in self.positions), Decimal(0))
