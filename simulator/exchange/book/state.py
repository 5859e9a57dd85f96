"""Everything the look-alike remembers, as one value that can be written down."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import msgspec

from simulator.exchange.book.accounts import Account
from simulator.exchange.book.assets import Listing
from simulator.exchange.book.markets import Market
from simulator.exchange.book.orders import NOTHING, Order, OrderClass


class OrderEvent(msgspec.Struct, frozen=True):
    """Something that happened to an order, as ``trade_updates`` tells it.

    Attributes
    ----------
    order : Order
        The order as it was just after.
    price, qty, position_qty, execution_id
        Of this fill alone; ``position_qty`` is signed and counts it.
    """

    account_id: str
    event: str
    order: Order
    ts: int
    legs: tuple[Order, ...] = ()
    price: Decimal | None = None
    qty: Decimal | None = None
    position_qty: Decimal | None = None
    execution_id: str | None = None


class CommandOptions(StrEnum):
    """What a command is about."""

    NEW = "new"
    CANCEL = "cancel"
    REPLACE = "replace"


class Command(msgspec.Struct, frozen=True, order=True):
    """A command on its way to the book; the earlier arrival goes first, then the earlier one."""

    arrival: int
    number: int
    asked: CommandOptions
    order_id: str
    replacement_id: str = ""
    leaves_qty: Decimal = NOTHING
    """Of the order, when the command was given."""


class State(msgspec.Struct):
    """Accounts, orders, markets, commands on their way, and how often chance was asked.

    Attributes
    ----------
    orders : dict
        All orders ever sent, by id, oldest first.
    open_ids : dict
        Ids of the orders whose life is not over, by symbol, oldest first.
    markets : dict
        Of the symbols that are watched.
    bands : dict
        Limit down and up by symbol, 1e-6 USD.
    listings : dict
        How stocks stand that were changed by hand.
    now : int
        Up to and including which phases have begun and orders have expired, UTC ns; -1 before
        anything was told.
    rolls_ns : int
        The close at which today's equity becomes yesterday's; 0 before anything was told.
    """

    seed: int
    accounts: dict[str, Account] = {}
    orders: dict[str, Order] = {}
    open_ids: dict[str, list[str]] = {}
    markets: dict[str, Market] = {}
    halted: set[str] = set()
    bands: dict[str, tuple[int, int]] = {}
    listings: dict[str, Listing] = {}
    inbox: list[Command] = []
    events: list[OrderEvent] = []
    now: int = -1
    commands: int = 0
    drawn: int = 0
    rolls_ns: int = 0

    def open_orders(self, symbol: str) -> list[Order]:
        """Return the orders in a stock whose life is not over, of all accounts, oldest first."""
        return [self.orders[order_id] for order_id in self.open_ids.get(symbol, ())]

    def legs_of(self, order: Order) -> list[Order]:
        """Return the legs nested in an order."""
        return [self.orders[order_id] for order_id in order.leg_ids]

    def siblings_of(self, order: Order) -> list[Order]:
        """Return the orders of which only one may fill together with this one."""
        if order.parent_id is None:
            return self.legs_of(order) if order.order_class is OrderClass.OCO else []
        parent = self.orders[order.parent_id]
        group = [*self.legs_of(parent), *([parent] if parent.order_class is OrderClass.OCO else [])]
        return [other for other in group if other is not order]

    def watches(self, symbol: str) -> bool:
        """Say whether anybody has an order or a position in a stock."""
        return symbol in self.open_ids or any(
            symbol in account.positions for account in self.accounts.values()
        )

    def new_id(self) -> str:
        """Return the next uuid; the same seed gives the same ones."""
        return str(UUID(bytes=self._draw()[:16], version=4))

    def chance(self) -> float:
        """Return a number in ``[0, 1)``."""
        return int.from_bytes(self._draw()[:8]) / 2**64

    def _draw(self) -> bytes:
        self.drawn += 1
        return hashlib.sha256(f"{self.seed}:{self.drawn}".encode()).digest()
