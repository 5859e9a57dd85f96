"""Facts → every book at once, in one pass; the tables are their rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, get_args

import msgspec

from engine.accounting.books.book import Book, Key
from engine.accounting.books.cash import CashBook
from engine.accounting.books.days import DayBook
from engine.accounting.books.equity import EquityBook
from engine.accounting.books.executions import ExecutionBook
from engine.accounting.books.fees import FeeBook
from engine.accounting.books.fills import FILLS, FillBook
from engine.accounting.books.lots import HoldingBook, LotBook
from engine.accounting.books.orders import OrderBook
from engine.accounting.books.owners import Owners
from engine.accounting.books.signals import SignalBook
from engine.accounting.books.trades import TradeBook
from engine.accounting.by_strategy.books import MetricsBook, StrategyBook
from engine.accounting.by_strategy.pnl import StrategyPnlBook
from engine.accounting.ledger import Ledger
from engine.accounting.run_books import Books
from engine.domain.facts import AnyPayload, Fact, RunStarted


class Accounts:
    """The books of one run.

    Attributes
    ----------
    seq : int
        The last fact taken in, 0 before the first.
    """

    def __init__(self) -> None:
        self.seq = 0
        self._starting_balance = Decimal(0)
        self._fills = FillBook()
        self._ledger = Ledger()
        owners = Owners()
        self._trades = TradeBook(owners)
        self._equity = EquityBook(self._ledger)
        self._days = DayBook(self._ledger)
        lots = LotBook(owners)
        self._books: Mapping[str, Book[Any]] = {
            "orders": OrderBook(owners),
            "fills": ExecutionBook(owners),
            "positions": HoldingBook(lots),
            "trades": self._trades,
            "lots": lots,
            "fees": FeeBook(),
            "cash_movements": CashBook(self._ledger, owners),
            "daily_close": self._days,
            "equity_snapshots": self._equity,
            "signals": SignalBook(),
            "strategies": StrategyBook(),
            "strategy_metrics": MetricsBook(self._trades),
            "strategy_pnl": StrategyPnlBook(self._trades),
        }
        self._posts = {
            kind: [book.post for book in self._books.values() if kind in book.kinds]
            for kind in get_args(AnyPayload)
        }

    def post(self, fact: Fact) -> None:
        """Take one fact in.

        Raises
        ------
        JournalError
            It contradicts those before it.
        """
        kind = type(fact.payload)
        change = self._fills.post(fact) if kind in FILLS else None
        if kind in Ledger.kinds:
            self._ledger.post(fact, change)
        if isinstance(fact.payload, RunStarted):
            self._starting_balance = fact.payload.starting_balance
        for post in self._posts[kind]:
            post(fact, change)
        self.seq = fact.seq

    def changes(self, table: str) -> Iterator[tuple[Key, msgspec.Struct | None]]:
        """Yield the rows of a table that changed since they were last asked for; see ``Book``."""
        return self._books[table].changes()

    def forget_changes(self) -> None:
        """Take every row of every table as known."""
        for book in self._books.values():
            book.forget_changes()

    def books(self) -> Books:
        """Return what the run is judged by."""
        return Books(
            self._starting_balance,
            tuple(self._trades.trades()),
            tuple(self._fills.fills()),
            self._equity.points(),
            self._days.closes(),
            self._ledger,
        )


def keep_accounts(facts: Iterable[Fact]) -> Accounts:
    """Return the books after facts, from the first one on, in order."""
    accounts = Accounts()
    for fact in facts:
        accounts.post(fact)
    return accounts


def keep_books(facts: Iterable[Fact]) -> Books:
    """Return what a run is judged by, from its facts."""
    return keep_accounts(facts).books()
