"""A desk restored from the facts of a process that is gone knows what that process knew."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from catalog import Catalog
from engine.domain.facts import Fact
from engine.domain.parameter_versions import ParameterHistory
from engine.domain.parameters import parameters_from
from engine.journal import MemoryJournal
from engine.runtime import Desk
from engine.runtime.desk_books import DeskBooks
from strategies import AoStrategy
from tests.runtime.conftest import SYNTHETIC_DAY
from tests.runtime.runs import EAGER, run

BALANCE = Decimal(100_000)


def _knows(books: DeskBooks) -> tuple[Any, ...]:
    """Return what a desk knows from facts; the best print of a trade is no fact."""
    trades = [
        (trade.plan, trade.ts_planned, trade.is_open, trade.exit_reason, trade.stop_trails)
        for trade in books.trades.values()
    ]
    ledger = books.ledger
    held = {symbol: each.quantity for symbol, each in ledger.positions.items()}
    return (
        books.facts, books.governor, ledger.cash, held, trades, books.day_orders,
        [fill.order.venue_trade_id for fill in books.day_fills], books.day_trades(),
        books.history.latest,
    )  # fmt: skip


class _Looking(MemoryJournal):
    """Notes what the desk knows each time it is about to write."""

    def __init__(self) -> None:
        super().__init__()
        self.desk: Desk | None = None
        self.known: dict[int, tuple[Any, ...]] = {}

    def append(self, *args: Any, **kwargs: Any) -> Fact:
        if self.desk is not None:
            self.known[self.desk.facts] = _knows(self.desk)
        return super().append(*args, **kwargs)


def test_it_knows_the_same_wherever_the_facts_are_cut(synthetic: Catalog) -> None:
    journal = _Looking()

    def strategy(desk: Desk, *args: Any, **options: Any) -> AoStrategy:
        journal.desk = desk
        return AoStrategy(desk, *args, **options)

    ran = run(synthetic, [SYNTHETIC_DAY], journal=journal, strategy=strategy)
    assert len(ran.outcome.trades) > 3
    assert len(journal.known) > 50
    for facts, known in journal.known.items():
        books = DeskBooks(ParameterHistory(parameters_from({}, EAGER)), BALANCE)
        books.restore(ran.facts[:facts])
        assert _knows(books) == known
