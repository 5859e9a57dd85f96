"""What a live run does while something it needs is away, and after it has come back."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cli.output import INTERRUPTED
from engine.domain.facts import (
    BracketPlanned,
    EntriesHeld,
    EntriesReleased,
    ExitRequested,
    Fact,
    OrderAccepted,
    OrderFilled,
    TradeClosed,
)
from engine.domain.session import session
from store import Journals
from tests.cli.conftest import DAY, Tradectl
from tests.cli.held_requests import ORDERS, HeldRequests
from tests.cli.live_place import Place, simulated
from tests.cli.steered_run import Run
from tests.forked_processes import Child, ForkedProcesses
from tests.servers import Postgres

_HOLD = ("--set=take_profit_percent=9", "--set=stop_loss_percent=8", "--set=max_hold_seconds=300")
"""Positions that last until their time is over."""

_PACE = ("--speed", "20")
"""Time that waits for no answer."""

_BACK = "the trouble with journal is over"


def _of(kind: type, facts: list[Fact]) -> list[Any]:
    return [fact for fact in facts if isinstance(fact.payload, kind)]


def test_while_its_database_is_away_or_hangs_nothing_is_entered_and_what_is_held_still_ends(
    nursery: ForkedProcesses, small_market: Path, tmp_path: Path
) -> None:
    with Postgres() as server, simulated(nursery, small_market, tmp_path, start="09:50") as place:
        place.database = server.new_database()
        losses = ((server.crash, server.start), (server.hang, server.go_on))
        seen: list[list[Fact]] = []
        with place.live(*_HOLD) as process:
            for number, (lose, bring_back) in enumerate(losses, 1):
                place.wait(process, lambda: place.asked("/v2/positions"))
                Run(place, process).with_a_position()
                lose()
                place.turn("resume")
                try:
                    place.wait(process, lambda: not place.asked("/v2/positions"))
                    place.turn("pause")
                finally:
                    bring_back()
                place.wait(process, lambda n=number: place.log.read_text().count(_BACK) == n)
                seen.append(place.facts())
                place.turn("resume")
            place.wait(process, lambda: len(_of(TradeClosed, place.facts())) > len(losses))
            process.send_signal(signal.SIGINT)
            assert process.wait() == INTERRUPTED
        facts = place.facts()
        assert Journals(place.database).open(place.run_id).verify().clean
        assert place.log.read_text().count("the session is open already") == 1
        filled = place.asked("/v2/account/activities/FILL?page_size=100")

    held, back = (
        [fact.ts_init for fact in _of(kind, facts) if fact.payload.trouble == "journal"]
        for kind in (EntriesHeld, EntriesReleased)
    )
    assert len(held) == len(back) == len(losses)
    planned = [fact.ts_init for fact in _of(BracketPlanned, facts)]
    assert min(planned) < held[0]
    assert max(planned) > back[-1]
    for since, until, known in zip(held, back, seen, strict=True):
        assert not [ts for ts in planned if since <= ts <= until]
        before = max(ts for ts in planned if ts < since)
        (exited,) = (fact for fact in _of(ExitRequested, known) if fact.ts_init > before)
        assert exited.ts_init < until
        assert [fact for fact in _of(TradeClosed, known) if before < fact.ts_init <= until]
    fills = {fact.payload.venue_trade_id: fact.payload.last_qty for fact in _of(OrderFilled, facts)}
    assert len(fills) == len(_of(OrderFilled, facts))
    assert sum(fills.values()) == sum(int(each["qty"]) for each in filled)


def _flattened(place: Place, process: Child, tradectl: Tradectl) -> None:
    """Have everything sold, end the run, and hold its ledger against the account."""
    words = ("--run", place.run_id, "--database", place.database, "--timeout", "100")
    told = tradectl("do", "flatten", "all", "--yes", *words)
    assert told.code == 0, told.err
    place.wait(process, lambda: not place.asked("/v2/positions"))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == INTERRUPTED, err
    fills = [fact.payload for fact in _of(OrderFilled, place.facts())]
    listed = place.asked("/v2/account/activities/FILL?page_size=100")
    assert len({fill.venue_trade_id for fill in fills}) == len(fills) == len(listed) > 0
    bought = sum(
        fill.last_qty * fill.last_px * (1 if fill.order_side == "BUY" else -1) for fill in fills
    )
    assert f"{100_000 - bought:.2f}" == f"{float(place.asked('/v2/account')['cash']):.2f}"
    orders = place.asked("/v2/orders?status=all&limit=500")
    names = [each["client_order_id"].split(".", 2)[-1] for each in orders]
    assert len(set(names)) == len(names)
    assert Journals(place.database).open(place.run_id).verify().clean


def test_a_bracket_is_known_though_database_and_process_died_while_it_was_sent(
    nursery: ForkedProcesses, small_market: Path, tmp_path: Path, tradectl: Tradectl
) -> None:
    with (
        Postgres() as server,
        simulated(nursery, small_market, tmp_path, start="09:58", pace=_PACE) as place,
        HeldRequests(place.port, ORDERS) as held,
    ):
        place.database = server.new_database()
        with Place(nursery, held.url, tmp_path, place.database).live(*_HOLD) as process:
            place.wait(process, held.asked.is_set)
            assert _of(BracketPlanned, place.facts())
            server.crash()
            place.wait(process, lambda: place.logged("journal halted"))
            held.release()
            place.wait(process, lambda: place.asked("/v2/orders?status=all"))
            process.kill()
        server.start()
        assert not _of(OrderAccepted, place.facts())
        with place.live(*_HOLD) as process:
            place.wait(process, lambda: _of(OrderFilled, place.facts()))
            _flattened(place, process, tradectl)


def test_a_simulator_killed_in_mid_session_and_the_run_at_it_agree_afterwards(
    nursery: ForkedProcesses, small_market: Path, tmp_path: Path, tradectl: Tradectl
) -> None:
    with simulated(nursery, small_market, tmp_path, start="09:58", pace=_PACE) as place:
        process = place.live(*_HOLD, "--set=max_hold_seconds=off")
        place.wait(process, lambda: place.asked("/v2/positions"))
        held = place.asked("/v2/positions")
    try:
        with simulated(nursery, small_market, tmp_path, start="09:58", pace=_PACE, port=place.port):
            assert {each["symbol"] for each in place.asked("/v2/positions")} >= {
                each["symbol"] for each in held
            }
            for what in ("feed", "orders"):
                over = f"the trouble with {what} is over"
                place.wait(process, lambda over=over: place.log.read_text().count(over) > 1)
            _flattened(place, process, tradectl)
    finally:
        process.kill()
        process.communicate()


def _verdicts(place: Place, process: Child) -> list[dict[str, Any]]:
    """End a run before half past ten and return the rows of its table."""
    place.reach("10:29", process)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == INTERRUPTED
    table = pq.read_table(place.folder / "runs" / f"{place.run_id}.verdicts.parquet")
    until = session(DAY).at("10:28")
    return [row for row in table.to_pylist() if row["ts_event"] <= until]


def test_the_verdicts_of_a_killed_run_are_those_of_one_that_was_not(
    nursery: ForkedProcesses, small_market: Path, tmp_path: Path
) -> None:
    (first := tmp_path / "first").mkdir()
    (second := tmp_path / "second").mkdir()
    with simulated(nursery, small_market, first, start="09:50") as place:
        place.turn("pause")
        undisturbed = _verdicts(place, place.live("--shadow"))
    with simulated(nursery, small_market, second, start="09:50") as place:
        place.turn("pause")
        with place.live("--shadow") as process:
            place.reach("10:10", process)
            place.wait(process, place.verdicts.exists)
            process.kill()
        with next((second / "runs").iterdir()).open("ab") as file:
            file.write(b'{"verdicts":[{"sym')
        again = _verdicts(place, place.live("--shadow"))
    assert len({row["ts_event"] for row in undisturbed}) > 3
    assert min(row["ts_event"] for row in undisturbed) < session(DAY).at("10:10")
    assert again == undisturbed
