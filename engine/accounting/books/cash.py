"""Facts → the cash account, one line for every fact that moved cash."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.accounting.books.book import Book, Key
from engine.accounting.books.fills import FILLS, FillChange
from engine.accounting.books.owners import Owners
from engine.accounting.ledger import Ledger
from engine.domain.facts import (
    CashMoved,
    Fact,
    FeeCharged,
    FillBusted,
    FillCorrected,
    OrderFilled,
    RunStarted,
)


class CashMovement(msgspec.Struct, frozen=True):
    """One line of the cash account; all lines add up to the cash there is.

    Attributes
    ----------
    kind : str
        ``opening``, ``fill``, ``correction``, ``bust``, ``fee_`` and the fee, or as
        ``engine.domain.facts.Movement``.
    amount, cash : Decimal
        USD that came in (negative: went out), and the balance after it.
    """

    seq: int
    ts_event: int
    kind: str
    amount: Decimal
    cash: Decimal
    strategy_id: str | None
    venue: str
    account: str
    trade_id: str | None
    note: str


class CashBook(Book[CashMovement]):
    """Reads the ledger, which has taken a fact in before this book does."""

    kinds = (RunStarted, FeeCharged, CashMoved, *FILLS)

    def __init__(self, ledger: Ledger, owners: Owners) -> None:
        super().__init__()
        self._ledger = ledger
        self._owners = owners
        self._cash = ledger.cash
        self._lines: dict[int, CashMovement] = {}

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Write down by how much a fact moved cash."""
        trade_id, note = None, ""
        match fact.payload:
            case RunStarted():
                kind = "opening"
            case FeeCharged() as fee:
                kind, trade_id = f"fee_{fee.fee}", fee.trade_id
            case CashMoved() as moved:
                kind, note = moved.movement.value, moved.note
            case FillCorrected():
                kind = "correction"
            case FillBusted() as bust:
                kind, note = "bust", bust.reason
            case OrderFilled():
                kind = "fill"
            case _:
                return
        if change is not None:
            trade_id = change.fill.order.trade_id
        venue, account = fact.payload.venue, fact.payload.account
        strategy_id = None if trade_id is None else self._owners.of(trade_id)
        cash = self._ledger.cash
        amount, self._cash = cash - self._cash, cash
        self._lines[fact.seq] = CashMovement(
            fact.seq, fact.ts_event, kind, amount, cash, strategy_id, venue, account, trade_id, note
        )
        self._note(fact.seq, fact.ts_event)

    def row(self, key: Key) -> CashMovement | None:
        """Return a line by the fact that moved cash."""
        return self._lines[int(key[0])]
