"""A live run that is blocked, out of money, or holds what cannot be traded: told, and over."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.terminal.output import INTERRUPTED
from engine.domain.facts import (
    BracketPlanned,
    ExitRequested,
    OrderRejected,
    SymbolLocked,
    TradeClosed,
)
from engine.domain.session import NANOS_PER_SECOND
from tests.cli.conftest import Tradectl
from tests.cli.live.live_place import KEYS, simulated
from tests.cli.live.steered_run import HOLD, Run
from tests.forked_processes import ForkedProcesses


@pytest.fixture
def run(nursery: ForkedProcesses, small_market: Path, tmp_path: Path) -> Iterator[Run]:
    """Yield a run that was started while its account was blocked."""
    old_rule = ("--stepped", "--pdt")
    with simulated(nursery, small_market, tmp_path, start="09:45", pace=old_rule) as place:
        assert place.steer("account", trading_blocked=True)["trading_blocked"] is True
        process = place.cold_live(*HOLD)
        try:
            yield Run(place, process)
        finally:
            process.kill()
            process.communicate()


def test_what_a_broker_or_an_exchange_takes_away_stops_entries_and_is_told_until_it_is_back(
    run: Run, tradectl: Tradectl
) -> None:
    _blocked_from_the_start(run, tradectl)
    _blocked_while_it_holds_something(run)
    _without_buying_power(run)
    _after_three_day_trades(run)
    _in_a_stock_that_is_closed_to_trading(run)
    _in_a_stock_that_is_halted(run)
    run.with_a_position()
    run.process.send_signal(signal.SIGINT)
    out, err = run.process.communicate()
    assert run.process.returncode == INTERRUPTED, err
    _nothing_was_entered_meanwhile(run)
    _exits_were_tried_ever_less_often(run)
    folder, log = run.place.folder, run.place.log.read_text()
    assert "Traceback" not in err + log
    kept = [path for path in folder.rglob("*") if path.is_file()]
    ours = [path.read_text("latin-1") for path in kept if path.name != "simulator.state"]
    assert not [text for text in (*ours, out, err) for key in KEYS if key in text]


def _blocked_from_the_start(run: Run, tradectl: Tradectl) -> None:
    place = run.place
    run.until(lambda: place.logged("entries are held: account: trading is blocked"))
    run.until(place.verdicts.exists)
    place.turn("pause")
    answer = tradectl("governor", "status", "--database", place.database, "--json")
    assert answer.code == 0, answer.err
    assert not [key for key in KEYS if key in _arguments(run.process.pid)]
    assert answer.json["phase"] == "halted"
    assert "trading is blocked" in answer.json["troubles"]["account"]
    assert not run.of(BracketPlanned)
    run.steer("account", trading_blocked=False)


def _arguments(pid: int) -> str:
    """Return the arguments of a process and of all that it has started."""
    own = Path(f"/proc/{pid}/cmdline").read_text()
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + "".join(_arguments(int(child)) for child in started)


def _blocked_while_it_holds_something(run: Run) -> None:
    symbol = run.with_a_position()
    run.steer("account", account_blocked=True)
    assert "its exit is refused: HTTP 403 (code 40310000): account is not" in run.rang(1)
    run.until(lambda: len(run.held("account")) == 2)
    assert "account is blocked" in run.held("account")[-1].payload.detail
    run.place.turn("pause")
    listed = run.place.asked(f"/v2/orders?status=open&symbols={symbol}")
    assert {order["type"] for order in listed} == {"limit", "stop"}
    run.steer("account", account_blocked=False)
    run.flat()


def _without_buying_power(run: Run) -> None:
    run.steer("account", cash="100", daytrade_count=0)
    run.until(lambda: run.held("buying power"))
    (held,) = run.held("buying power")
    assert re.search(
        r"an order needs \S+ USD, the account has \d{2,3}(\.\d+)? USD", held.payload.detail
    )
    run.until(lambda: "buying power: an order needs" in run.place.verdicts.read_text())
    run.until(lambda: _refused(run, "insufficient buying power"))
    run.steer("account", cash="100000")


def _after_three_day_trades(run: Run) -> None:
    run.flat()  # the rule asks for equity: what a position is worth would lift it over the limit
    run.steer("account", cash="20000", daytrade_count=3)
    run.until(lambda: run.held("day trades"))
    (held,) = run.held("day trades")
    assert "day trades in five days with" in held.payload.detail
    run.until(lambda: _refused(run, "pattern day trading protection"))
    run.steer("account", cash="100000", daytrade_count=0)


def _refused(run: Run, words: str) -> list[str]:
    """Return the entries that were refused with some words; more than one may leave at once."""
    refused = [fact.payload for fact in run.of(OrderRejected) if words in fact.payload.reason]
    return [each.client_order_id for each in refused if "-entry" in each.client_order_id]


def _in_a_stock_that_is_closed_to_trading(run: Run) -> None:
    symbol = run.with_a_position()
    run.steer("asset", symbol=symbol, tradable=False)
    assert f'asset "{symbol}" is not tradable' in run.rang(2)
    run.until(lambda: run.of(SymbolLocked))
    (locked,) = run.of(SymbolLocked)
    assert locked.payload.symbol == symbol
    assert "does not trade it any more" in locked.payload.reason
    run.steer("asset", symbol=symbol, tradable=True)
    run.flat()


def _in_a_stock_that_is_halted(run: Run) -> None:
    symbol = run.with_a_position()
    run.steer("halt", symbol=symbol, halted=True)
    assert run.rang(3).endswith("halted")
    run.steer("halt", symbol=symbol, halted=False)
    run.flat()


def _nothing_was_entered_meanwhile(run: Run) -> None:
    planned = [fact.seq for fact in run.of(BracketPlanned)]
    for trouble, times in (("account", 2), ("buying power", 1), ("day trades", 1)):
        begun, over = run.held(trouble), run.released(trouble)
        assert len(begun) == len(over) == times
        for start, end in zip(begun, over, strict=True):
            assert not [seq for seq in planned if start.seq < seq < end.seq]
            assert [seq for seq in planned if seq > end.seq]
    assert "account: trading is blocked" in run.place.verdicts.read_text()


def _exits_were_tried_ever_less_often(run: Run) -> None:
    ends = {fact.correlation_id: fact.ts_init for fact in run.of(TradeClosed)}
    took_ns = sum(
        ends[fact.correlation_id] - fact.ts_init
        for fact in run.of(ExitRequested)
        if fact.correlation_id in ends
    )
    tried = run.place.log.read_text().count("a change of ")
    assert 6 <= tried <= 12 + took_ns / NANOS_PER_SECOND / 30
