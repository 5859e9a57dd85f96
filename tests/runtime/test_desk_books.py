"""A desk restored from the facts of a process that is gone knows what that process knew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from itertools import takewhile
from typing import Any, get_args

import pytest
from msgspec.structs import replace

import engine.runtime.backtest.run
from catalog import Catalog
from engine.domain.commands import (
    CloseTrade,
    FlattenAll,
    LockSymbol,
    Pause,
    Resume,
    SetParameters,
    UnlockSymbol,
)
from engine.domain.facts import (
    AnyPayload,
    Channel,
    CommandAccepted,
    CommandReceived,
    CommandRefused,
    Fact,
    GovernorMoved,
    OrderCanceled,
    OrderFilled,
    OrderRole,
    ParamsChanged,
    SymbolLocked,
    SymbolUnlocked,
    TradeClosed,
    TradeOpened,
)
from engine.domain.order_names import order_id
from engine.domain.parameters import parameters_from
from engine.domain.parameters.versions import ParameterHistory
from engine.hub import Desk
from engine.hub.books import Books
from engine.journal import MemoryJournal
from engine.journal.chain import kind_of
from tests.runtime.conftest import SYNTHETIC_DAY
from tests.runtime.runs import EAGER, cut_off, run
from tests.runtime.stage import HOURS, TEN
from tests.runtime.stage import plan as bracket

BALANCE = Decimal(100_000)


def _knows(books: Books) -> tuple[Any, ...]:
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
            self.known[self.desk.books.facts] = _knows(self.desk.books)
        return super().append(*args, **kwargs)


def test_it_knows_the_same_wherever_the_facts_are_cut(
    synthetic: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = _Looking()

    def desk(*args: Any, **more: Any) -> Desk:
        journal.desk = Desk(*args, **more)
        return journal.desk

    monkeypatch.setattr(engine.runtime.backtest.run, "Desk", desk)
    ran = run(synthetic, [SYNTHETIC_DAY], journal=journal)
    assert len(ran.outcome.trades) > 3
    assert len(journal.known) > 50
    for facts, known in journal.known.items():
        books = Books(ParameterHistory(parameters_from({}, EAGER)), BALANCE)
        books.restore(ran.facts[:facts])
        assert _knows(books) == known


def test_what_follows_from_a_fact_is_recorded_though_its_process_died_before() -> None:
    facts = list(_eventful_day().facts())
    followed = Counter[str]()
    for cut in range(1, len(facts) + 1):
        rest = takewhile(lambda fact: isinstance(fact.payload, _CONSEQUENCES), facts[cut:])
        follows = [fact.payload for fact in rest]
        left, ts = cut_off(facts[:cut]), facts[min(cut, len(facts) - 1)].ts_init
        desk = _desk(left)
        desk.books.restore(facts[:cut])
        desk.resume(ts)
        taken = [fact.payload for fact in left.facts(cut)]
        assert _no_phases(taken) == _no_phases(follows), facts[cut - 1]
        followed.update(kind_of(each) for each in taken)
    kinds = {kind_of(fact.payload) for fact in facts if isinstance(fact.payload, _CONSEQUENCES)}
    assert len(kinds) == len(get_args(_CONSEQUENCES))
    assert followed.keys() >= kinds - {"governor_moved"}


_CONSEQUENCES = (
    CommandAccepted | CommandRefused | GovernorMoved | ParamsChanged | SymbolLocked
    | SymbolUnlocked | TradeClosed | TradeOpened
)  # fmt: skip


_ALPACA = ("ALPACA", "main")


def _eventful_day() -> MemoryJournal:
    """Return a day's facts: an entry that is filled, one in part, one refused, and commands."""
    journal = MemoryJournal()
    desk = _desk(journal)
    desk.start_day(HOURS, "0" * 64, HOURS.open_ns)
    for name, filled in (("whole", 40), ("part", 15), ("refused", 0)):
        plan = replace(bracket(), trade_id=name)
        entry, stop = order_id(OrderRole.ENTRY, name), order_id(OrderRole.STOP_LOSS, name)
        desk.plans([plan], TEN, TEN)
        if filled:
            desk.order_event(_fill(entry, name, OrderRole.ENTRY, "BUY", filled), TEN, TEN)
        if filled != plan.quantity:
            desk.order_event(OrderCanceled(entry, name, "ABC", *_ALPACA), TEN, TEN)
        if filled:
            desk.order_event(_fill(stop, name, OrderRole.STOP_LOSS, "SELL", filled), TEN, TEN)
    commands = (
        Pause(), Pause(), Resume(), LockSymbol("ABC"), UnlockSymbol("ABC"), FlattenAll(),
        SetParameters({"max_hold_seconds": 120}, "calm", 1), CloseTrade("none such"),
    )  # fmt: skip
    for number, command in enumerate(commands):
        desk.command(
            CommandReceived(
                f"c{number}", "test", "ann", command, channel=Channel.COMMAND_LOG, stepped_up=False
            ),
            TEN,
        )
    desk.end_day(HOURS.close_ns)
    return journal


def _fill(name: str, trade_id: str, role: OrderRole, side: str, shares: int) -> OrderFilled:
    return OrderFilled(
        name,
        trade_id,
        "ABC",
        *_ALPACA,
        role,
        side,
        f"{name}-1",
        Decimal(shares),
        Decimal(100),
        Decimal(0),
        "TAKER",
    )


def _desk(journal: MemoryJournal) -> Desk:
    return Desk(ParameterHistory(parameters_from({}, EAGER)), journal, BALANCE)


def _no_phases(payloads: Iterable[AnyPayload]) -> list[AnyPayload]:
    """Return payloads but for the governor's phases: those are noted with the next fact."""
    return [each for each in payloads if not isinstance(each, GovernorMoved)]
