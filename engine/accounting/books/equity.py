"""Facts → the equity of the account, at every fact that can change it."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.accounting.books.book import Book, Key
from engine.accounting.books.fills import FILLS, FillChange
from engine.accounting.ledger import Ledger
from engine.domain.facts import CashMoved, DayEnded, DayStarted, Fact, FeeCharged, RunStarted


class EquityPoint(msgspec.Struct, frozen=True):
    """The account at one instant (UTC ns), USD; ``exposure`` is open notional over equity."""

    ts: int
    cash: Decimal
    equity: Decimal
    exposure: float


class EquitySnapshot(EquityPoint, frozen=True):
    """The account after one fact; positions are marked at the price last reported of a fill."""

    seq: int
    venue: str
    account: str


class EquityBook(Book[EquitySnapshot]):
    """Reads the ledger after every fact of these kinds."""

    kinds = (RunStarted, DayStarted, DayEnded, FeeCharged, CashMoved, *FILLS)

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self._venue = self._account = ""
        self._points: dict[int, EquitySnapshot] = {}

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Look at the ledger after a fact."""
        del change
        if isinstance(started := fact.payload, RunStarted):
            self._venue, self._account = started.venue, started.account
            return
        equity = self._ledger.equity
        exposure = float(self._ledger.open_notional / equity) if equity > 0 else 0.0
        self._points[fact.seq] = EquitySnapshot(
            fact.ts_event,
            self._ledger.cash,
            equity,
            exposure,
            fact.seq,
            self._venue,
            self._account,
        )
        self._note(fact.seq, fact.ts_event)

    def row(self, key: Key) -> EquitySnapshot | None:
        """Return the account after a fact."""
        return self._points[int(key[0])]

    def points(self) -> tuple[EquitySnapshot, ...]:
        """Return the account after every such fact, in order."""
        return tuple(self._points.values())
