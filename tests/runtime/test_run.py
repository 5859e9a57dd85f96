"""Runs of several days, runs that are cut short, and runs that fail."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pytest

from app.strategies import hosted
from catalog import Catalog
from catalog.partition import write_partition
from catalog.schema import SCHEMAS, Kind
from catalog.synth import synthesize
from engine.accounting import keep_books
from engine.decision import RefusalReason
from engine.domain.candidate import BucketReport
from engine.domain.errors import ConfigError, DataError, JournalError, NotFoundError, RunError
from engine.domain.facts import DayEnded, DayStarted, ExitReason, Fact, OrderFilled
from engine.domain.market_data.recorded import letter_of
from engine.domain.parameters import parameters_from
from engine.domain.session import session
from engine.hub import DayOutcome, OutcomeStatus
from engine.journal import MemoryJournal
from engine.runtime import Engine, Stage, run_backtest
from tests.accounting.streams import run_started
from tests.runtime.conftest import SYNTHETIC_DAY
from tests.runtime.runs import EAGER, Ran, run

MONDAY = date(2026, 9, 21)
SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    catalog = Catalog(str(tmp_path_factory.mktemp("days")))
    for day, seed in ((SYNTHETIC_DAY, 1), (MONDAY, 2)):
        synthesize(catalog, day, symbols=20, trades=25_000, seed=seed)
    return catalog


@pytest.fixture(scope="module")
def friday(two_days: Catalog) -> Ran:
    """Return the first day as it is."""
    return run(two_days, [SYNTHETIC_DAY])


@pytest.fixture(scope="module")
def monday(two_days: Catalog) -> Ran:
    """Return the second day as it is, with an account of its own."""
    return run(two_days, [MONDAY])


def payloads(facts: list[Fact], kind: type[Any]) -> list[Any]:
    return [fact.payload for fact in facts if isinstance(fact.payload, kind)]


def test_the_account_goes_from_day_to_day_and_moves_by_fills_alone(two_days: Catalog) -> None:
    ran = run(two_days, [SYNTHETIC_DAY, MONDAY], fills="pessimistic")

    started, ended = payloads(ran.facts, DayStarted), payloads(ran.facts, DayEnded)
    assert [day.day for day in started] == ["2026-09-18", "2026-09-21"]
    assert started[0].equity == Decimal(100_000)
    assert started[1].equity == ended[0].equity != started[0].equity
    cash = sum(
        (1 if fill.order_side == "SELL" else -1) * fill.last_qty * fill.last_px
        for fill in payloads(ran.facts, OrderFilled)
    )
    assert ran.outcome.equity == ended[1].equity == 100_000 + cash
    won = sum(trade.realized_pnl or 0 for trade in ran.outcome.trades)
    assert won == cash


def test_the_run_agrees_with_the_books_kept_from_its_facts(friday: Ran) -> None:
    ran = friday
    opening = run_started()
    first = Fact(0, 0, 0, 1, opening, None, None, None, "", "")

    books = keep_books([first, *ran.facts])
    assert ran.outcome.trades
    assert [trade.trade_id for trade in books.trades] == [
        trade.trade_id for trade in ran.outcome.trades
    ]
    assert books.ledger.equity == ran.outcome.equity
    assert ran.outcome.facts == len(ran.facts)
    assert sum(day.orders for day in ran.outcome.days) == ran.outcome.orders


def test_equity_is_marked_at_every_bucket_in_a_trade(friday: Ran) -> None:
    ran = friday
    (day,) = ran.outcome.days
    held = [point for point in day.equity if point.exposure > 0]
    assert len(held) > 20
    assert any(point.equity != point.cash for point in held)
    assert day.equity[0].equity == Decimal(100_000)
    assert day.equity[-1].equity == day.equity[-1].cash == ran.outcome.equity
    assert [point.ts for point in day.equity] == sorted(point.ts for point in day.equity)


def test_two_runs_write_the_same_journal(two_days: Catalog, friday: Ran) -> None:
    first = friday
    second = run(two_days, [SYNTHETIC_DAY])

    assert first.facts
    assert first.facts[-1].hash == second.facts[-1].hash


def test_ctrl_c_ends_at_the_next_bucket_with_what_was_done(two_days: Catalog) -> None:
    seen: list[DayOutcome] = []

    def press(day: date, stage: Stage, share: float) -> None:
        if day == MONDAY and stage is Stage.REPLAY and share >= 0.5:
            os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    ran = run(two_days, [SYNTHETIC_DAY, MONDAY], on_progress=press, on_day=seen.append)

    assert ran.outcome.status is OutcomeStatus.INTERRUPTED
    assert [day.day for day in seen] == [SYNTHETIC_DAY, MONDAY]
    assert len(payloads(ran.facts, DayEnded)) == 1
    noon = session(MONDAY).at("12:46")
    assert ran.facts[-1].ts_event < noon
    assert signal.getsignal(signal.SIGINT) is handler


def _failing(error: Exception) -> Callable[..., NoReturn]:
    def due(*_: object) -> NoReturn:
        raise error

    return due


@pytest.mark.parametrize("engine", Engine)
def test_a_failing_handler_fails_the_run(
    two_days: Catalog, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.hub.guardian.Guardian.due", _failing(ZeroDivisionError()))
    with pytest.raises(RunError, match=r"_on_guard failed: ZeroDivisionError") as caught:
        run(two_days, [SYNTHETIC_DAY], engine)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("engine", Engine)
def test_a_failing_decision_fails_the_run(
    two_days: Catalog, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def undecided(report: BucketReport, *_: object) -> NoReturn:
        raise ZeroDivisionError(report.ts_event)

    monkeypatch.setattr("engine.runtime.bridge.hub_strategy.judge", undecided)
    with pytest.raises(RunError, match=r"failed: ZeroDivisionError"):
        run(two_days, [SYNTHETIC_DAY], engine)


def test_an_error_that_names_its_remedy_comes_out_as_it_is(
    two_days: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.hub.guardian.Guardian.due", _failing(DataError("at noon")))
    with pytest.raises(DataError, match="at noon"):
        run(two_days, [SYNTHETIC_DAY])


class Filled(MemoryJournal):
    """Keeps the first facts and then finds no room."""

    def append(self, payload: Any, **times: Any) -> Fact:
        """Append a fact, if there is room."""
        if len(self) >= 8:
            raise JournalError("no space left")
        return super().append(payload, **times)


def test_a_journal_that_cannot_be_written_stops_the_run(two_days: Catalog) -> None:
    journal = Filled()
    with pytest.raises(JournalError, match="no space left"):
        run(two_days, [SYNTHETIC_DAY], journal=journal)
    assert len(journal) == 8


def test_a_day_without_data_is_not_found(two_days: Catalog) -> None:
    with pytest.raises(NotFoundError, match="2026-09-22"):
        run(two_days, [date(2026, 9, 22)])


def test_an_unknown_fill_assumption_is_refused(two_days: Catalog) -> None:
    with pytest.raises(ConfigError, match="choose one of optimistic, base, pessimistic"):
        run(two_days, [SYNTHETIC_DAY], fills="hopeful")


def test_an_account_without_money_enters_nothing_and_says_why(two_days: Catalog) -> None:
    outcome = run_backtest(
        two_days,
        [MONDAY],
        parameters_from({}, EAGER),
        strategies=hosted().strategies,
        journal=MemoryJournal(),
        starting_balance=Decimal(0),
    )

    (day,) = outcome.days
    assert not day.fills
    assert RefusalReason.TOO_SMALL in {verdict.reason for verdict in day.verdicts}
    assert {point.exposure for point in day.equity} == {0.0}


def test_a_symbol_halted_to_the_close_is_valued_out_at_its_last_print(
    two_days: Catalog, monday: Ran, tmp_path: Path
) -> None:
    trade = next(
        trade for trade in monday.outcome.trades if trade.exit_reason is ExitReason.TIME_STOP
    )
    halted = monday_with_a_halt(two_days, tmp_path, trade.symbol, trade.entry_ts + 10 * SECOND)

    after = {each.trade_id: each for each in run(halted, [MONDAY]).outcome.trades}
    stuck = after[trade.trade_id]
    assert stuck.exit_ts is not None
    assert stuck.exit_ts > session(MONDAY).close_ns
    assert stuck.exit_reason is ExitReason.TIME_STOP


def test_a_halt_after_the_close_of_a_symbol_that_was_never_entered_changes_nothing(
    two_days: Catalog, tmp_path: Path
) -> None:
    letters = two_days.letters(MONDAY)[::2]
    whole = run(two_days, [MONDAY], letters=letters)
    entered = {trade.symbol for trade in whole.outcome.trades}
    assert {letter_of(symbol) for symbol in entered} <= set(letters)
    listed = {
        symbol
        for letter in letters
        for batch in two_days.trade_batches(MONDAY, letter)
        for symbol in batch.symbols
    }
    evening = session(MONDAY).close_ns + 600 * SECOND
    halted = monday_with_a_halt(two_days, tmp_path, min(listed - entered), evening)
    for engine in Engine:
        after = run(halted, [MONDAY], engine, letters=letters)
        assert after.outcome.trades
        assert after.outcome.fill_digest == whole.outcome.fill_digest
        assert after.outcome.decision_digest == whole.outcome.decision_digest


def monday_with_a_halt(market: Catalog, folder: Path, symbol: str, since: int) -> Catalog:
    """Return Monday again, with a halt that the day does not end."""
    halted = Catalog(str(folder / "halted"))
    for kind in (Kind.TRADES, Kind.QUOTES):
        for day, letter in market.partitions.stored(kind):
            if day == MONDAY:
                tables = market.partitions.tables(kind, day, letter)
                write_partition(halted.fs, halted.root, kind, day, letter, tables)
    row = {
        "symbol": symbol,
        "ts_event": since,
        "ts_init": since,
        "action": "halt",
        "reason": "T1",
    }
    statuses = pa.Table.from_pylist([row], SCHEMAS[Kind.STATUSES])
    letter = letter_of(symbol)
    write_partition(halted.fs, halted.root, Kind.STATUSES, MONDAY, letter, [statuses])
    return halted
