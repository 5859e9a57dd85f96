"""A live run in whose account somebody trades by hand: told, kept away from, and over."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.runs.engine_runs import is_engine_run
from cli.terminal.output import INTERRUPTED
from engine.domain.facts import (
    Alarm,
    AlarmRaised,
    BracketPlanned,
    ExitReason,
    GapBackfilled,
    OrderFilled,
    OrderRole,
    OrderUpdated,
    SymbolLocked,
    TradeClosed,
    TradeOpened,
)
from engine.domain.session import NANOS_PER_SECOND
from store import CommandLog, Journals
from tests.cli.conftest import Tradectl
from tests.cli.live.live_place import simulated
from tests.cli.live.steered_run import HOLD, Run
from tests.forked_processes import ForkedProcesses

_LATE_NS = 60 * NANOS_PER_SECOND
"""How long nobody looks."""

_LONG = (*HOLD, "--set=max_hold_seconds=1800")


@pytest.fixture
def run(nursery: ForkedProcesses, small_market: Path, tmp_path: Path) -> Iterator[Run]:
    """Yield a run that trades."""
    with simulated(nursery, small_market, tmp_path, start="09:45") as place:
        run = Run(place, place.live(*_LONG))
        try:
            run.until(place.verdicts.exists)
            yield run
        finally:
            run.process.kill()
            run.process.communicate()


def test_what_somebody_trades_by_hand_is_told_and_booked_and_the_day_goes_on(
    run: Run, tradectl: Tradectl
) -> None:
    _a_stop_is_moved(run, tradectl)
    _a_position_is_enlarged(run, tradectl)
    _a_position_is_closed(run)
    _a_position_is_closed_while_nobody_looks(run)
    run.on_until(lambda: run.of(BracketPlanned)[-1].seq > run.of(TradeClosed)[-1].seq)
    run.process.send_signal(signal.SIGINT)
    _, err = run.process.communicate()
    assert run.process.returncode == INTERRUPTED, err
    assert len(run.held("positions")) == len(run.released("positions")) == 1
    assert len(run.of(AlarmRaised)) == 1
    _the_books_are_those_of_the_account(run)


def test_positions_are_compared_after_a_reconnect_while_time_runs_by_itself(
    nursery: ForkedProcesses, small_market: Path, tmp_path: Path
) -> None:
    pace = ("--speed", "40")
    with simulated(nursery, small_market, tmp_path, start="09:52", pace=pace) as place:
        run = Run(place, place.live(*HOLD, "--set=max_hold_seconds=off"))
        try:
            run.until(place.verdicts.exists)
            run.until(lambda: run.of(TradeOpened))
            (held,) = run.of(TradeOpened)
            _order(run, held.payload.symbol, "buy", 7)
            place.steer("chaos/strike", what="drop")
            run.until(lambda: run.of(AlarmRaised))
            assert run.held("positions")[0].payload.detail == (
                f"{held.payload.symbol} {held.payload.quantity + 7} at the venue, "
                f"{held.payload.quantity} in the ledger"
            )
            assert run.held("orders")[-1].seq < run.held("positions")[0].seq
            run.process.send_signal(signal.SIGINT)
            _, err = run.process.communicate()
            assert run.process.returncode == INTERRUPTED, err
        finally:
            run.process.kill()
            run.process.communicate()


def _a_stop_is_moved(run: Run, tradectl: Tradectl) -> None:
    place, symbol = run.place, run.with_a_position()
    trade = run.of(TradeOpened)[-1].payload.trade_id
    plan = next(f.payload for f in run.of(BracketPlanned) if f.payload.trade_id == trade)
    nearer = plan.stop_loss + plan.side * Decimal("0.01")
    words = ("do", "move-stop", trade, str(nearer), "--yes", "--timeout", "60", "--json")
    journals = Journals(place.database)
    (known,) = (each for each in journals.runs() if is_engine_run(each.run_id))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(tradectl, *words, "--database", place.database)
        # time goes on once the command is there: else the trade may be over before it is
        run.until(lambda: asked.done() or CommandLog(journals, known.run_id).since(0))
        place.turn("resume")
        told = asked.result()
    place.turn("pause")
    assert told.json["status"] == "done", told.out
    assert told.json["detail"] == f"the stop is at {nearer:f}, confirmed by the venue"
    updates = [f.payload for f in run.of(OrderUpdated) if f.payload.trade_id == trade]
    assert next(each.trigger_price for each in updates if each.trigger_price) == nearer
    assert symbol in trade


def _a_position_is_enlarged(run: Run, tradectl: Tradectl) -> None:
    place = run.place
    symbol = run.with_a_position()
    (ours,) = (int(each["qty"]) for each in place.asked("/v2/positions"))
    _order(run, symbol, "buy", 7)
    run.on_until(lambda: run.of(AlarmRaised))
    told = f"{symbol} {ours + 7} at the venue, {ours} in the ledger"
    assert [fact.payload.detail for fact in run.held("positions")] == [told]
    assert [fact.payload for fact in run.of(AlarmRaised)] == [
        AlarmRaised(Alarm.POSITIONS_DIFFER, told)
    ]
    run.until(lambda: place.logged(f"alarm positions_differ: {told}; bring the position"))
    status = tradectl("governor", "status", "--database", place.database, "--json")
    assert status.json["troubles"] == {"positions": told}

    _order(run, symbol, "sell", 7)
    run.on_until(lambda: run.released("positions"))
    start, end = run.held("positions")[0].seq, run.released("positions")[0].seq
    run.on_until(lambda: run.of(BracketPlanned)[-1].seq > end)
    assert not [fact for fact in run.of(BracketPlanned) if start < fact.seq < end]
    assert {fact.payload.symbol for fact in run.of(SymbolLocked)} == {symbol}


def _a_position_is_closed(run: Run) -> None:
    symbol = run.with_a_position()
    over = len(run.of(TradeClosed))
    run.place.does("DELETE", "/v2/positions?cancel_orders=true")
    run.on_until(lambda: len(run.of(TradeClosed)) > over)
    _was_closed_by_hand(run, symbol)


def _a_position_is_closed_while_nobody_looks(run: Run) -> None:
    symbol, place = run.with_a_position(), run.place
    over = len(run.of(TradeClosed))
    run.process.kill()
    run.process.communicate()
    place.does("DELETE", "/v2/positions?cancel_orders=true")
    place.steer("step", span_ns=_LATE_NS)
    assert not place.asked("/v2/positions")
    assert not run.of(GapBackfilled)
    run.process = place.live(*_LONG)
    run.on_until(lambda: len(run.of(TradeClosed)) > over)
    _was_closed_by_hand(run, symbol)
    run.on_until(lambda: run.of(GapBackfilled))
    (gap,) = (fact.payload for fact in run.of(GapBackfilled))
    assert gap.end_ns - gap.start_ns >= _LATE_NS
    assert gap.complete
    assert min(gap.symbols, gap.trades, gap.quotes) > 0


def _was_closed_by_hand(run: Run, symbol: str) -> None:
    """Check that a trade ended at the price that somebody else's order had."""
    closed = run.of(TradeClosed)[-1].payload
    assert (closed.symbol, closed.exit_reason) == (symbol, ExitReason.CLOSED_BY_HAND)
    sold = _fills(run, symbol)[-1]
    assert closed.avg_px_close == Decimal(sold["price"])
    fills = [fact.payload for fact in run.of(OrderFilled)]
    assert [fill for fill in fills if fill.trade_id == closed.trade_id][-1].role is OrderRole.EXIT
    assert run.place.logged(f"{closed.quantity} {symbol} were closed by hand: ")
    assert symbol not in {each["symbol"] for each in run.place.asked("/v2/positions")}


def _the_books_are_those_of_the_account(run: Run) -> None:
    place = run.place
    fills = [fact.payload for fact in run.of(OrderFilled)]
    spent = sum(
        fill.last_qty * fill.last_px * (1 if fill.order_side == "BUY" else -1) for fill in fills
    )
    by_hand = sum(
        Decimal(each["qty"]) * Decimal(each["price"]) * (1 if each["side"] == "buy" else -1)
        for each in _fills(run)
        if each["qty"] == "7"
    )
    cash = Decimal(place.asked("/v2/account")["cash"])
    assert round(Decimal(100_000) - spent - by_hand, 2) == round(cash, 2)
    listed = place.asked("/v2/orders?status=all&limit=500&nested=true")
    intents = {each["position_intent"] for each in listed}
    assert intents == {"buy_to_open", "sell_to_close"}
    assert Journals(place.database).open(place.run_id).stored.verify().clean


def _fills(run: Run, symbol: str = "") -> list[dict[str, Any]]:
    listed = run.place.asked("/v2/account/activities/FILL?page_size=100&direction=asc")
    return [each for each in listed if symbol in {"", each["symbol"]}]


def _order(run: Run, symbol: str, side: str, shares: int) -> None:
    run.place.does(
        "POST", "/v2/orders", symbol=symbol, side=side, qty=str(shares), type="market",
        time_in_force="day",
    )  # fmt: skip
