"""A running day is watched and asked from other processes, and when it has ended or died."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.display.watched import WatchedRun
from engine.domain.session import session
from store import Journals
from tests.cli.conftest import DAY, Tradectl
from tests.cli.live.live_place import Place, simulated
from tests.forked_processes import Child, ForkedProcesses

_STARTS, _ASKED = "14:50", "15:05"
_LEAST_STEPS = 4


class Reader:
    """A process that watches, and what it has printed by now."""

    def __init__(self, place: Place) -> None:
        words = ["watch", place.run_id, "--json", "--database", place.database]
        self.process: Child = place.nursery.child(words, {}, place.folder)

    @property
    def frames(self) -> list[dict[str, Any]]:
        """The frames of its whole lines."""
        said = self.process._said[0].read_text()  # noqa: SLF001  (as its own first_line does)
        return [json.loads(line) for line in said.split("\n")[:-1]]


@pytest.fixture(scope="module")
def place(
    nursery: ForkedProcesses, market: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Yield a place whose day stands still before the run begins."""
    with simulated(nursery, market, tmp_path_factory.mktemp("shown"), start=_STARTS) as place:
        place.turn("pause")
        yield place


@pytest.fixture(scope="module")
def asked(place: Place, tradectl: Tradectl) -> dict[str, Any]:
    """Return what readers and questions were answered while the run went on, and as it died."""
    found: dict[str, Any] = {}
    with place.live() as process:
        place.reach(_ASKED, process)
        stalled = Reader(place)
        place.wait(process, lambda: stalled.frames)
        os.kill(stalled.process.pid, signal.SIGSTOP)
        found["before"] = stalled.frames
        for step in range(1, 200):
            minutes, secs = divmod(305 + 5 * step, 60)
            clock = f"15:{minutes:02}:{secs:02}"
            place.reach(clock, process)
            place.wait(process, lambda clock=clock: _shown_until(place) >= session(DAY).at(clock))
            if step >= _LEAST_STEPS and _current(_newest(place)):  # something to ask about
                break
        found["late"] = tradectl(*_of(place, "watch", place.run_id), "--once", "--json").json
        os.kill(stalled.process.pid, signal.SIGCONT)
        place.wait(process, lambda: len(stalled.frames) > len(found["before"]))
        found["after"] = stalled.frames[len(found["before"])]
        found["page"] = tradectl(*_of(place, "watch"), "--once").out
        found["journal"] = [fact.seq for fact in place.facts()]
        found["stored"] = _projected(place)
        found["answers"] = _answers(place, tradectl, found["late"])
        found["projected"] = _projected(place)
        process.kill()
    found["died"] = stalled.process.communicate()[1], stalled.process.returncode
    return found


def _of(place: Place, *words: str) -> list[str]:
    return [*words, "--database", place.database]


def _newest(place: Place) -> Any:
    return WatchedRun(place.folder / "display", place.run_id).newest()


def _current(frame: Any) -> list[Any]:
    """Return the candidates of the very bucket that closed last."""
    return [row for row in frame.radar if row.ts_event == frame.bucket.ts_event]


def _shown_until(place: Place) -> int:
    """Return when the bucket ends that follows the one that a run has shown last."""
    frame = _newest(place)
    return 0 if frame is None or frame.bucket is None else frame.bucket.ts_event + 5 * 10**9


def _projected(place: Place) -> list[str]:
    """Return the tables in which something is stored of the run beside its facts."""
    with Journals(place.database).database.connect() as connection:
        rows = connection.exec_driver_sql("select name from sqlite_master where name = 'projected'")
        return [str(row) for row in rows]


def _answers(place: Place, tradectl: Tradectl, frame: dict[str, Any]) -> dict[str, Any]:
    """Ask a run about its day, which is in no catalog."""
    nowhere = ("--runs", place.folder / "runs", "--catalog", place.folder / "none")
    row = frame["radar"][0]
    why = ("why", row["symbol"], str(row["ts_event"]), *nowhere, "--json")
    runs = ("--runs", place.folder / "runs", "--json")
    return {
        "why": tradectl(*_of(place, *map(str, why))).json,
        "missed": tradectl(*_of(place, "missed", *map(str, nowhere), "--json")).json,
        "trades": tradectl(*_of(place, "accounting", "trades", *map(str, runs))).json,
        "shown": tradectl(*_of(place, "runs", "show", *map(str, runs))).json,
        "listed": tradectl(*_of(place, "runs", "list", *map(str, runs))).json,
    }


def test_a_stalled_reader_holds_up_nobody_and_is_shown_the_newest_next(
    asked: dict[str, Any],
) -> None:
    before, after, late = asked["before"][-1], asked["after"], asked["late"]
    assert after["number"] >= late["number"] > before["number"] + 2
    assert after["ts"] >= late["ts"] > before["ts"]
    assert after["strip"]["names_from"] == _names(asked["before"])


def _names(frames: list[dict[str, Any]]) -> int:
    strips = [frame["strip"] for frame in frames if frame["strip"]]
    return sum(len(strip["names"]) for strip in strips)


def test_a_late_reader_is_shown_everything_at_once(asked: dict[str, Any]) -> None:
    frame = asked["late"]
    strip = frame["strip"]
    scores = np.frombuffer(base64.b64decode(strip["scores"]), np.int8)
    assert strip["names_from"] == 0
    assert len(strip["names"]) == len(scores) == len({*strip["names"]})
    known = {name: score / 10 for name, score in zip(strip["names"], scores, strict=True)}
    current = [row for row in frame["radar"] if row["ts_event"] == frame["bucket"]["ts_event"]]
    assert current
    for row in current:
        assert known[row["symbol"]] == pytest.approx(row["side"] * row["score"], abs=0.051)
    assert [row["rank"] for row in frame["radar"]] == [*range(1, len(frame["radar"]) + 1)]
    assert frame["bucket"]["breadth"]["known"] == np.count_nonzero(scores != -128) > 20
    assert frame["fact_seq"] in asked["journal"]
    assert frame["heading"]["run_id"] == f"sim-{DAY}"
    assert f"sim-{DAY}" in asked["page"]


def test_a_run_that_died_is_told_as_such(asked: dict[str, Any]) -> None:
    said, code = asked["died"]
    assert code == 1
    assert f"sim-{DAY} has crashed: process" in said
    assert "what protects a position stays at the venue" in said


def test_a_running_day_answers_from_what_it_has_heard_and_says_that_it_runs(
    asked: dict[str, Any], place: Place
) -> None:
    answers = asked["answers"]
    assert all(answers[name]["running"] for name in ("why", "missed", "trades"))
    assert answers["shown"]["status"] == answers["listed"]["runs"][0]["status"] == "Running"
    assert answers["trades"]["run_id"] == answers["missed"]["run_id"] == place.run_id
    assert answers["missed"]["considered"] > 0
    assert asked["stored"] == asked["projected"], "the database is left to who trades"
    ours, row = answers["why"], asked["late"]["radar"][0]
    assert ours["verdict"] or not row["qualified"]
    assert ours["scanner"]["ac_z"] == row["side"] * row["score"]
    # the scanner that ran and the one that reads the spool again say the same, to the last bit
    gates = {gate["gate"]: (gate["value"], gate["passed"]) for gate in ours["gates"]}
    features = {each["name"]: (each["value"], each["passed"]) for each in row["features"]}
    assert gates == features


def test_a_day_that_has_ended_has_its_report_and_answers_without_a_catalog(
    asked: dict[str, Any], place: Place, tradectl: Tradectl
) -> None:
    assert asked["died"][1] == 1
    place.turn("resume")
    end = place.whole_day()
    assert end["resumed_at"] > 0
    nowhere = ("--runs", place.folder / "runs", "--catalog", place.folder / "none", "--json")
    words = [*map(str, nowhere)]
    made = tradectl(*_of(place, "report", *words)).json
    page = Path(made["report"]).read_text()
    assert page.startswith("<!")
    assert made["without_excursion"] == []
    (cells,) = re.findall(r'"mae_pct": ?(\[[^\]]*\])', page)
    excursions = json.loads(cells)
    assert len(excursions) == end["trades"]
    assert None not in excursions
    assert min(excursions) < 0, "measured on what the run has heard"
    runs = ("--runs", str(place.folder / "runs"), "--json")
    shown = tradectl(*_of(place, "runs", "show", *runs)).json
    assert (shown["status"], shown["report"]) == ("Ended", made["report"])
    assert len(shown["trades"]) == end["trades"] > 0
    trade = shown["trades"][0]
    why = tradectl(*_of(place, "why", trade["symbol"], str(trade["candidate_ts"]), *words)).json
    assert (why["running"], why["trade"]["trade_id"]) == (False, trade["trade_id"])
    assert why["verdict"]["approved"]
    booked = tradectl(*_of(place, "accounting", "trades", *runs)).json
    assert (booked["running"], len(booked["trades"])) == (False, end["trades"])
    last = tradectl(*_of(place, "watch"), "--once", "--json").json
    assert last["status"] == "Ended"
