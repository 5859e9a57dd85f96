"""A frame is whole, exact and the same after any way between processes; the newest wins."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest
from rich.console import Console

from app.display.publisher import FramePublisher
from app.display.watched import watched_run
from cli.live.page import frame_page
from engine.decision import BucketDecision
from engine.display import (
    Counts,
    DisplayFrame,
    FrameBoard,
    FrameBuilder,
    FrameHeading,
    FrameSlot,
    Protection,
    Sight,
    json_line,
    packed,
    unpacked,
)
from engine.display.frame import Activity
from engine.domain.commands import Pause
from engine.domain.errors import DataError, NotFoundError
from engine.domain.facts import Channel, CommandReceived
from engine.hub import Desk
from engine.tape import HealthLine, Light
from tests.decision.scene import candidate, report
from tests.hub.test_guardian import OPEN, seen, stage
from tests.runtime.stage import TEN, plan

HEADING = FrameHeading(run_id="run", epoch=3, venue="sim", sends=True)
HEALTH = (
    HealthLine(Light.RED, "feed", "down"),
    HealthLine(Light.GREEN, "clock", "agrees with the venue's"),
)


def frames(desk: Desk) -> FrameBuilder:
    return FrameBuilder(HEADING, desk.books, lambda what: f"mend {what}")


def sight(**changes: object) -> Sight:
    usual: dict[str, object] = {
        "now": TEN + 30 * 10**9,
        "report": report(candidate()),
        "scores": np.array([41, -128, -7], np.int8),
        "strips": {"reversion": np.array([-12, 0, -128], np.int8)},
        "symbols": ["ABC", "BCD", "CDE"],
        "view": lambda _: OPEN,
        "equity": Decimal("100000.10"),
        "health": HEALTH,
        "counts": Counts(10, 20, 0, 0, None),
        "issues": {"feed": "down for 3 s"},
    }
    return Sight(**(usual | changes))  # pyright: ignore[reportArgumentType]


def shown(desk: Desk, **changes: object) -> DisplayFrame:
    builder, see = frames(desk), sight(**changes)
    builder.radar.look(see.report, [BucketDecision()])
    return builder.frame(see)


def test_a_frame_comes_out_of_either_coding_as_it_went_in() -> None:
    desk, _ = stage(plan(trailing="1"))
    frame = shown(desk)
    assert len(frame.radar) == len(frame.positions) == len(frame.issues) == 1
    assert unpacked(packed(frame)) == frame
    line = json_line(frame)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=DisplayFrame) == frame
    (strip,) = frame.strips
    assert (strip.strategy_id, strip.scale) == ("reversion", 10)
    assert np.frombuffer(strip.scores, np.int8).tolist() == [-12, 0, -128]
    older = msgspec.msgpack.decode(packed(frame))
    del older["strips"]  # an earlier version had none
    assert unpacked(msgspec.msgpack.encode(older)).strips == ()
    told = json.loads(line, parse_constant=pytest.fail)  # no NaN, no infinity
    assert told["governor"]["equity"] == "100000.10"
    assert told["version"] == 1
    other = msgspec.msgpack.encode(msgspec.to_builtins(frame) | {"version": 2})
    with pytest.raises(DataError, match="version 2, expected 1: watch the run with the version"):
        unpacked(other)


def test_what_protects_a_position_is_told_with_both_ends_to_the_cent() -> None:
    bought = plan(trailing="1")
    desk, _ = stage(bought)
    (row,) = shown(desk).positions
    assert (row.protection, row.stop) == (Protection.RESTING, Decimal("98.50"))
    shares, paid = bought.quantity, Decimal(100)
    assert row.pnl_at_stop == shares * (Decimal("98.50") - paid)
    assert row.pnl_at_target == shares * (bought.take_profit - paid)
    assert row.trailing_percent == 1
    assert row.time_stop_ns is not None
    (lost,) = shown(desk, view=lambda _: seen(stop=None)).positions
    assert lost.protection is Protection.GUARDIAN
    empty, _ = stage(plan(), filled=False)
    (coming,) = shown(empty).positions
    assert (coming.avg_px_open, coming.pnl) == (None, 0)


def test_a_pause_by_hand_is_called_so_and_an_issue_is_not() -> None:
    desk, _ = stage()
    assert shown(desk).governor.standing == "hunting"
    desk.incidents.hold_entries("feed", "down", TEN)
    held = shown(desk).governor
    assert (held.standing, held.phase) == ("held", "halted")
    given = CommandReceived("c1", "cli", "eve", Pause(), Channel.COMMAND_LOG, stepped_up=False)
    desk.command(given, TEN)
    frame = shown(desk)
    assert (frame.governor.standing, frame.governor.phase) == ("paused", "halted")
    assert "eve: pause" in [line.text for line in frame.activity]
    for width in (80, 140):
        page = drawn(frame, width)
        assert "paused by hand: 'tradectl do resume --yes'" in page
        assert "halted" not in page


def test_pages_fit_and_show_what_matters_at_80_and_140_columns() -> None:
    long = "entries held: late prints: 15 of the last 45 prints arrived more than 2.0 s after it"
    frame = shown(stage(plan())[0])
    frame = msgspec.structs.replace(
        frame, activity=(Activity(99, TEN, "entries_held", long, None), *frame.activity)
    )
    for width in (80, 140):
        page = drawn(frame, width)
        assert max(map(len, page.splitlines())) == width
        assert "…" not in page, "nothing is cut"
        assert "10:00:00  entries held: late prints" in page
        for words in ("● stop rests", "98.50", "→ mend feed", "noise alone", "equity 100,000.10"):
            assert words in page, (width, words)


def drawn(frame: DisplayFrame, width: int) -> str:
    console = Console(width=width, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(frame_page(frame, hint="q ends"))
    return capture.get()


def test_a_reader_that_stalls_finds_the_newest_and_holds_up_nobody() -> None:
    desk, _ = stage()
    builder, quick, stalled = frames(desk), FrameSlot(), FrameSlot()
    board = FrameBoard(HEADING, [quick, stalled])
    for _ in range(5):
        board.put(builder.frame(sight()))
        taken = quick.take()
        assert taken is board.newest
    late = stalled.take()
    assert late is not None
    assert late is board.newest
    assert late.number == 5
    assert stalled.take() is None


def test_names_come_once_to_each_reader_of_the_files_and_a_late_one_gets_them_all(
    tmp_path: Path,
) -> None:
    desk, _ = stage()
    builder = frames(desk)

    def put(symbols: list[str]) -> DisplayFrame:
        frame = builder.frame(sight(symbols=symbols, scores=np.zeros(len(symbols), np.int8)))
        shows.slot.put(frame)
        return frame

    with FramePublisher(tmp_path, "a run") as shows:
        put(["ABC", "BCD"])
        early = watched_run(tmp_path, "a r")
        assert names(early) == (0, ("ABC", "BCD"))
        put(["ABC", "BCD", "CDE"])
        assert names(early) == (2, ("CDE",))
        last = put(["ABC", "BCD", "CDE"])
        assert names(early) == (3, ())
        assert early.last is not None
        assert early.last.number == last.number
        assert names(watched_run(tmp_path, "latest")) == (0, ("ABC", "BCD", "CDE"))
        shows.ended("Ended")
    end = early.newest()
    assert end is not None
    assert end.is_over
    early.expect_alive()  # a run that has ended has not died
    with pytest.raises(
        NotFoundError, match="'tradectl rehearse' and 'tradectl session' show theirs"
    ):
        watched_run(tmp_path, "other")


def names(watched: object) -> tuple[int, tuple[str, ...]]:
    """Wait for the next frame and return what it tells of names."""
    while (frame := watched.newest()) is None:  # pyright: ignore[reportAttributeAccessIssue]
        continue
    assert frame.strip is not None
    return frame.strip.names_from, frame.strip.names
