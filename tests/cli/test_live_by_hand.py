"""A live run in whose account somebody trades by hand: told, kept away from, and over."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.output import INTERRUPTED
from engine.domain.facts import Alarm, AlarmRaised, BracketPlanned, SymbolLocked
from tests.cli.conftest import Tradectl
from tests.cli.live_place import simulated
from tests.cli.steered_run import HOLD, Run
from tests.nursery import Nursery


@pytest.fixture
def run(nursery: Nursery, small_market: Path, tmp_path: Path) -> Iterator[Run]:
    """Yield a run that trades."""
    with simulated(nursery, small_market, tmp_path, start="09:45") as place:
        process = place.live(*HOLD, "--set=max_hold_seconds=1800")
        try:
            place.wait(process, place.verdicts.exists)
            yield Run(place, process)
        finally:
            process.kill()
            process.communicate()


def test_entries_wait_while_a_position_is_not_what_the_ledger_has(
    run: Run, tradectl: Tradectl
) -> None:
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
    run.process.send_signal(signal.SIGINT)
    _, err = run.process.communicate()
    assert run.process.returncode == INTERRUPTED, err
    assert len(run.held("positions")) == len(run.of(AlarmRaised)) == 1
    assert {fact.payload.symbol for fact in run.of(SymbolLocked)} == {symbol}


def _order(run: Run, symbol: str, side: str, shares: int) -> None:
    run.place.does(
        "POST", "/v2/orders", symbol=symbol, side=side, qty=str(shares), type="market",
        time_in_force="day",
    )  # fmt: skip
