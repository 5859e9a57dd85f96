"""Facts → the signals that were acted on."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.accounting.books.book import Book, Key
from engine.accounting.books.fills import FillChange
from engine.accounting.shares import Shares
from engine.domain.candidate import Side
from engine.domain.facts import BracketPlanned, Fact


class Signal(msgspec.Struct, frozen=True):
    """A candidate that was approved, and the plan made of it.

    Candidates that were refused are market data and verdicts, kept with the run, not in facts.
    Times are UTC ns, money and prices USD.
    """

    seq: int
    ts_event: int
    ts_init: int
    trade_id: str
    strategy_id: str
    symbol: str
    venue: str
    account: str
    side: Side
    candidate_ts: int
    score: float
    confidence: float
    params_version: int
    reference_price: Decimal
    quantity: Shares
    notional: Decimal


class SignalBook(Book[Signal]):
    """One row for each plan."""

    kinds = (BracketPlanned,)

    def __init__(self) -> None:
        super().__init__()
        self._signals: dict[int, Signal] = {}

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Keep a plan."""
        del change
        if not isinstance(plan := fact.payload, BracketPlanned):
            return
        self._signals[fact.seq] = Signal(
            seq=fact.seq,
            ts_event=fact.ts_event,
            ts_init=fact.ts_init,
            trade_id=plan.trade_id,
            strategy_id=plan.strategy_id,
            symbol=plan.symbol,
            venue=plan.venue,
            account=plan.account,
            side=Side(plan.side),
            candidate_ts=plan.candidate_ts,
            score=plan.score,
            confidence=plan.confidence,
            params_version=plan.params_version,
            reference_price=plan.reference_price,
            quantity=plan.quantity,
            notional=plan.notional,
        )
        self._note(fact.seq, fact.ts_event)

    def row(self, key: Key) -> Signal | None:
        """Return a signal by the fact of its plan."""
        return self._signals[int(key[0])]
