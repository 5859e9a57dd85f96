"""The tables of accounting: what a row is, what names it, and which are time series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from operator import attrgetter
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

import msgspec

from engine.accounting.accounts import Accounts
from engine.accounting.books.cash import CashMovement
from engine.accounting.books.days import DayClose
from engine.accounting.books.equity import EquitySnapshot
from engine.accounting.books.executions import Execution
from engine.accounting.books.fees import FeeDay
from engine.accounting.books.lots import Holding, Lot
from engine.accounting.books.orders import Order
from engine.accounting.books.signals import Signal
from engine.accounting.books.trades import Trade
from engine.accounting.by_strategy.books import StrategyMetrics, StrategyVersion
from engine.accounting.by_strategy.pnl import StrategyPnl
from engine.accounting.shares import MONEY_PLACES


class Column(msgspec.Struct, frozen=True):
    """One column.

    ``type`` is int, float, bool, str or Decimal: exact USD, percent or shares, of which it keeps
    ``places`` decimals.
    """

    name: str
    type: type
    nullable: bool
    places: int = MONEY_PLACES


class Projection(msgspec.Struct, frozen=True):
    """One table.

    Attributes
    ----------
    row : type
        A struct whose fields are the columns; its docstring says what they mean.
    key : tuple of str
        Columns that name a row within its run.
    time : str or None
        For a time series the column of its time, UTC ns, which is part of the key.
    refers : mapping of str to str
        Columns that hold the key of another table's row.
    shown_by : tuple of str
        Columns by which rows are put in order before their key, when they are shown.
    """

    name: str
    row: type[msgspec.Struct]
    key: tuple[str, ...]
    time: str | None = None
    refers: Mapping[str, str] = {}
    shown_by: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[str, ...]:
        """Columns that put the rows in the order in which they are shown."""
        return (*self.shown_by, *(name for name in self.key if name not in self.shown_by))

    def rows(self, accounts: Accounts) -> Iterator[Any]:
        """Yield every row of books that were not asked for changes before, as they are shown."""
        rows = [row for _, row in accounts.changes(self.name) if row is not None]
        yield from sorted(rows, key=attrgetter(*self.order))


def columns_of(row: type[msgspec.Struct]) -> tuple[Column, ...]:
    """Return the columns of a row, in the order of its fields."""
    return tuple(_column(field.name, field.type) for field in msgspec.structs.fields(row))


def _column(name: str, annotation: Any) -> Column:
    if get_origin(annotation) is Annotated:
        kind, places = get_args(annotation)
        return Column(name, kind, nullable=False, places=places)
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType]
    plain = next(base for base in _PLAIN if issubclass(kinds[0], base))
    return Column(name, plain, nullable=NoneType in get_args(annotation))


_PLAIN = (bool, int, float, str, Decimal)
"""Enumerations are among them: of numbers an int, of words a str."""

_OF_TRADE = {"trade_id": "trades"}

PROJECTIONS = {
    table.name: table
    for table in (
        Projection(
            "orders",
            Order,
            ("client_order_id",),
            refers=_OF_TRADE,
            shown_by=("ts_submitted",),
        ),
        Projection(
            "fills",
            Execution,
            ("seq", "ts_event"),
            "ts_event",
            _OF_TRADE | {"client_order_id": "orders", "symbol": "positions"},
        ),
        Projection("positions", Holding, ("symbol",)),
        Projection(
            "trades",
            Trade,
            ("trade_id",),
            refers={"params_version": "strategies", "symbol": "positions"},
            shown_by=("entry_ts",),
        ),
        Projection("lots", Lot, ("open_seq", "piece"), refers={"open_seq": "fills"} | _OF_TRADE),
        Projection("fees", FeeDay, ("day", "fee"), refers={"day": "daily_close"}),
        Projection("cash_movements", CashMovement, ("seq", "ts_event"), "ts_event", _OF_TRADE),
        Projection("daily_close", DayClose, ("day",)),
        Projection("equity_snapshots", EquitySnapshot, ("seq", "ts"), "ts"),
        Projection(
            "signals",
            Signal,
            ("seq", "ts_event"),
            "ts_event",
            _OF_TRADE | {"params_version": "strategies"},
        ),
        Projection("strategies", StrategyVersion, ("strategy_id", "params_version")),
        Projection(
            "strategy_metrics",
            StrategyMetrics,
            ("strategy_id", "params_version"),
            refers={"params_version": "strategies"},
        ),
        Projection("strategy_pnl", StrategyPnl, ("trade_id", "strategy_id"), refers=_OF_TRADE),
    )
}
"""Every table by its name."""
