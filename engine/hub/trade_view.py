"""What the guardian is shown of a trade: its orders and its market, as plain values."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.domain.bracket import BracketPlan


class OrderView(msgspec.Struct, frozen=True):
    """An order as it stands; one whose change is on its way is open and in flight at once.

    Attributes
    ----------
    price : Decimal or None
        USD: the limit of a limit order, the trigger of a stop; None for a market order.
    """

    is_open: bool
    is_inflight: bool
    is_closed: bool
    price: Decimal | None

    @property
    def can_change(self) -> bool:
        """Whether it works and no command for it is on its way."""
        return self.is_open and not self.is_inflight


class TradeOrders(msgspec.Struct, frozen=True):
    """The orders of a trade; None for one that was never sent, or is not known any more.

    Attributes
    ----------
    exit : OrderView or None
        The last of those that close it beside its bracket.
    """

    entry: OrderView | None
    stop: OrderView | None
    target: OrderView | None
    exit: OrderView | None

    @property
    def stop_rests(self) -> bool:
        """Whether the stop works at the venue."""
        return self.stop is not None and self.stop.is_open

    def stop_price(self, plan: BracketPlan) -> Decimal:
        """Return where the stop rests, in USD; where it was planned if it is not known."""
        resting = None if self.stop is None else self.stop.price
        return plan.stop_loss if resting is None else resting


class TradeView(msgspec.Struct, frozen=True):
    """A trade's orders and its market at one look.

    Attributes
    ----------
    last_price : Decimal
        USD, the last eligible print; the plan's reference before the first.
    is_halted : bool
        The exchange has halted the symbol.
    """

    orders: TradeOrders
    last_price: Decimal
    is_halted: bool
