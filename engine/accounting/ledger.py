"""Facts → cash and positions; cash moves only by fills, fees and declared movements."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

import msgspec

from engine.accounting.books.fills import FILLS, Fill, FillChange
from engine.domain.facts import CashMoved, Fact, FeeCharged, RunStarted


class Position(msgspec.Struct, frozen=True):
    """Shares held (negative when short) and the price last reported of a fill, USD."""

    quantity: Decimal
    mark: Decimal


class Ledger(msgspec.Struct):
    """Exact money in USD, and what is held, as of the last fact.

    Attributes
    ----------
    cash : Decimal
        Of all fills after commission, fees and movements.
    commission, fees, moved : Decimal
        Commission of the fills that stand, fees charged, and what else came in or went out.
    positions : dict of str to Position
        By symbol, only what is not flat.
    """

    kinds: ClassVar[tuple[type, ...]] = (RunStarted, FeeCharged, CashMoved, *FILLS)
    """Payloads that can move cash or positions; facts of others need not be posted."""

    cash: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    moved: Decimal = Decimal(0)
    positions: dict[str, Position] = {}

    @property
    def equity(self) -> Decimal:
        """Cash and positions, each marked at its last fill (USD)."""
        return self.cash + sum(
            (held.quantity * held.mark for held in self.positions.values()), Decimal(0)
        )

    @property
    def open_notional(self) -> Decimal:
        """What is held, long and short added up, marked likewise (USD)."""
        held = self.positions.values()
        return sum((abs(one.quantity) * one.mark for one in held), Decimal(0))

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Take one fact in, and what it did to a fill."""
        match fact.payload:
            case RunStarted(starting_balance=balance):
                self.cash = balance
            case FeeCharged(amount=amount):
                self.cash -= amount
                self.fees += amount
            case CashMoved(amount=amount):
                self.cash += amount
                self.moved += amount
            case _:
                pass
        if change is not None:
            if change.before is not None:
                self._book(change.before, -1)
            if change.after is not None:
                self._book(change.after, 1)

    def _book(self, fill: Fill, times: int) -> None:
        symbol, price = fill.order.symbol, fill.order.last_px
        self.cash += times * fill.cash
        self.commission += times * fill.order.commission
        held = self.positions.pop(symbol, None)
        quantity = times * fill.signed_qty + (held.quantity if held else Decimal(0))
        if quantity:
            self.positions[symbol] = Position(quantity, price)
