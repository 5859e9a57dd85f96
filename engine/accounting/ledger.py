"""Hop 6: facts → cash and positions; cash moves only by fills and their commissions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from engine.domain.errors import JournalError
from engine.domain.facts import Fact, OrderFilled, RunStarted

_SIGN = {"BUY": 1, "SELL": -1}


class Position(msgspec.Struct, frozen=True):
    """Shares held (negative when short) and the price of the last fill, USD."""

    quantity: int
    mark: Decimal


class Ledger(msgspec.Struct, frozen=True):
    """Exact money in USD, and what is held, as of one fact.

    Attributes
    ----------
    positions : mapping of symbol to Position
        Only what is not flat.
    """

    cash: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)
    positions: Mapping[str, Position] = {}

    @property
    def equity(self) -> Decimal:
        """Cash and positions, each marked at its last fill (USD)."""
        return self.cash + sum(held.quantity * held.mark for held in self.positions.values())

    @property
    def open_notional(self) -> Decimal:
        """What is held, long and short added up, marked likewise (USD)."""
        held = self.positions.values()
        return sum((abs(one.quantity) * one.mark for one in held), Decimal(0))


def post(ledger: Ledger, fact: Fact) -> Ledger:
    """Return the ledger after one fact.

    Raises
    ------
    JournalError
        A fill says neither BUY nor SELL.
    """
    match fact.payload:
        case RunStarted(starting_balance=balance):
            return msgspec.structs.replace(ledger, cash=balance)
        case OrderFilled() as fill:
            return _filled(ledger, fill, fact.seq)
        case _:
            return ledger


def _filled(ledger: Ledger, fill: OrderFilled, seq: int) -> Ledger:
    sign = _SIGN.get(fill.order_side)
    if sign is None:
        raise JournalError(f"fact {seq}: expected a fill to BUY or SELL, found {fill.order_side!r}")
    signed = sign * fill.last_qty
    held = ledger.positions.get(fill.symbol)
    quantity = signed + (held.quantity if held else 0)
    positions = {key: held for key, held in ledger.positions.items() if key != fill.symbol}
    if quantity:
        positions[fill.symbol] = Position(quantity, fill.last_px)
    return Ledger(
        cash=ledger.cash - signed * fill.last_px - fill.commission,
        commission=ledger.commission + fill.commission,
        positions=positions,
    )
