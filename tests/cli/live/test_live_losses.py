"""What a live run does while something it needs is away, and after it has come back."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from app.display.watched import WatchedRun
from app.runs.signals.file import signal_stream, signal_table
from cli.terminal.output import INTERRUPTED
from engine.display import DisplayFrame
from engine.domain.facts import (
    BracketPlanned,
    EntriesHeld,
    EntriesReleased,
    ExitRequested,
    Fact,
    OrderFilled,
    TradeClosed,
)
from engine.domain.session import NANOS_PER_SECOND, session
from engine.signals.scores import UNKNOWN
from engine.signals.whole_tape.signal_tables import QUOTED_SIGNALS
from store import Journals
from tests.cli.conftest import DAY
from tests.cli.live.live_place import Place, simulated
from tests.cli.live.steered_run import Run
from tests.forked_processes import Child, ForkedProcesses
from tests.servers import Postgres

_HOLD = ("--set=take_profit_percent=9", "--set=stop_loss_percent=8", "--set=max_hold_seconds=300")
"""Positions that last until their time is over."""

_PACE = ("--speed", "20")
"""Time that waits for no answer."""

_BACK = "the issue with journal is over"


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
            place.wait(process, lambda: _has_traded_again(place.facts()))
            place.turn("pause")
            place.wait(process, lambda: _shares(place.facts()) == _filled(place))
            process.send_signal(signal.SIGINT)
            assert process.wait() == INTERRUPTED
        facts = place.facts()
        assert Journals(place.database).open(place.run_id).stored.verify().clean
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


def _has_traded_again(facts: list[Fact]) -> bool:
    """Say whether a trade planned after the journal was back for the last time is over."""
    back = [fact.seq for fact in _of(EntriesReleased, facts) if fact.payload.trouble == "journal"]
    again = {f.correlation_id for f in _of(BracketPlanned, facts) if f.seq > max(back)}
    return any(fact.correlation_id in again for fact in _of(TradeClosed, facts))


def _shares(facts: list[Fact]) -> int:
    return sum(fact.payload.last_qty for fact in _of(OrderFilled, facts))


def _filled(place: Place) -> int:
    filled = place.asked("/v2/account/activities/FILL?page_size=100")
    return sum(int(each["qty"]) for each in filled)


_TWO = ("--strategy", "acceleration", "--strategy", "reversion")
_LOWER = tuple(
    f"--set=reversion.{each}"
    for each in ("min_distance=0.7", "min_age=24", "min_surge=1", "min_session_notional=1000")
)

type _Rows = list[dict[str, Any]]


def _decided_and_said(place: Place, process: Child) -> tuple[_Rows, _Rows]:
    """End a run before half past ten and return the rows of its tables."""
    place.reach("10:29", process)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == INTERRUPTED
    until = session(DAY).at("10:28")
    kept = [
        pq.read_table(place.folder / "runs" / f"{place.run_id}.{name}.parquet").to_pylist()
        for name in ("verdicts", "strategy_signals")
    ]
    decided, said = ([row for row in rows if row["ts_event"] <= until] for rows in kept)
    return decided, said


def test_verdicts_and_signals_of_a_killed_run_are_those_of_one_that_was_not(
    nursery: ForkedProcesses, small_market: Path, tmp_path: Path
) -> None:
    (first := tmp_path / "first").mkdir()
    (second := tmp_path / "second").mkdir()
    with simulated(nursery, small_market, first, start="09:50") as place:
        place.turn("pause")
        undisturbed, said = _decided_and_said(place, place.live("--shadow", *_TWO, *_LOWER))
    with simulated(nursery, small_market, second, start="09:50") as place:
        place.turn("pause")
        stream = signal_stream(place.run_id, second / "runs")
        with place.live("--shadow", *_TWO, *_LOWER) as process:
            place.reach("10:10", process)
            place.wait(process, place.verdicts.exists)
            _expect_shown(place, process)
            process.kill()
        with place.verdicts.open("ab") as file:
            file.write(b'{"verdicts":[{"sym')
        begun = stream.read_bytes()[QUOTED_SIGNALS.serialize().size :][:99]
        with stream.open("ab") as file:
            file.write(begun)  # as if it was killed while it wrote a bucket down
        again, said_again = _decided_and_said(place, place.live("--shadow"))
    assert len({row["ts_event"] for row in undisturbed}) > 3
    assert min(row["ts_event"] for row in undisturbed) < session(DAY).at("10:10")
    warming = {row["ts_event"] for row in again if row["detail"].startswith("warm-up")}
    assert len(warming) <= 1  # nothing is entered while what was heard is read
    assert [row for row in again if row["ts_event"] not in warming] == [
        row for row in undisturbed if row["ts_event"] not in warming
    ]
    killed_at = session(DAY).at("10:10")
    # prints of the last moment were not on the disk yet: they come late to the bucket that was open
    before, before_again = (
        [str(row) for row in rows if row["ts_event"] < killed_at] for rows in (said, said_again)
    )
    assert len(before) > 100
    assert before_again == before
    keys = [(row["ts_event"], row["symbol"], row["strategy_id"]) for row in said_again]
    assert len({*keys}) == len(keys)
    closes = {ts for ts, _, _ in keys if ts > killed_at}
    assert len(closes) > 0.9 * len({row["ts_event"] for row in said if row["ts_event"] > killed_at})


def _expect_shown(place: Place, process: Child) -> None:
    """Wait until a run shows its last bucket, and what a strategy says of every symbol there."""
    last = session(DAY).at("10:10") - 5 * NANOS_PER_SECOND

    def shown() -> DisplayFrame | None:
        frame = WatchedRun(place.folder / "display", place.run_id).newest()
        return frame if frame and frame.bucket and frame.bucket.ts_event >= last else None

    place.wait(process, shown)
    frame = shown()
    assert frame
    assert frame.strip
    (strip,) = frame.strips
    scores = np.frombuffer(strip.scores, np.int8)
    assert (strip.strategy_id, len(scores)) == ("reversion", len(frame.strip.scores))
    assert np.count_nonzero((scores != UNKNOWN) & (scores != 0)) > len(scores) / 2
    by_name = dict(zip(frame.strip.names, scores.tolist(), strict=True))
    current = [row for row in frame.radar if row.ts_event == last and row.phase != "faded"]
    own = [row for row in current if row.strategy_id == strip.strategy_id]
    assert own
    for row in own:
        assert by_name[row.symbol] == round(10 * row.side * row.score)
    written = signal_table(place.run_id, place.folder / "runs")
    assert written is not None
    assert len(written) > 10
