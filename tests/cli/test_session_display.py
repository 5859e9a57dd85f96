"""A session shows itself to other processes as a live run does: paced, killed and ended."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from tests.cli.conftest import DAY, Tradectl, eager
from tests.forked_processes import ROOT, Child, ForkedProcesses

RUN = f"session-{DAY}"
_PATIENCE_SECS = 120.0


def _frames(reader: Child) -> list[dict[str, Any]]:
    said = reader._said[0].read_text()  # noqa: SLF001  (as its own first_line does)
    return [json.loads(line) for line in said.split("\n")[:-1]]


def _seen(reader: Child, host: Child) -> dict[str, Any]:
    """Return the first frame that shows a position that is held."""
    patience = time.monotonic() + _PATIENCE_SECS
    while time.monotonic() < patience:
        for frame in _frames(reader):
            if any(float(each["quantity"]) > 0 for each in frame["positions"]):
                return frame
        assert host.poll() is None, host.communicate()
        time.sleep(0.05)
    raise TimeoutError("no frame with a position")


def test_a_session_is_watched_from_another_process_until_it_dies_and_when_it_has_ended(
    nursery: ForkedProcesses, tradectl: Tradectl, small_market: Path, tmp_path: Path
) -> None:
    database = str(tmp_path / "facts.sqlite")
    where = ("--catalog", str(small_market), "--database", database, "--workers", "1")
    names = ("--strategy", "acceleration", "--strategy", "reversion")
    words = ["session", "--date", str(DAY), "--json", *where, *names, *eager()]
    watch = ["watch", RUN, "--json", "--database", database]
    with nursery.child([*words, "--speed", "60"], {}, ROOT) as host:
        patience = time.monotonic() + _PATIENCE_SECS
        while not (tmp_path / "display" / RUN / "frame").exists():
            assert host.poll() is None, host.communicate()
            assert time.monotonic() < patience
            time.sleep(0.02)
        with nursery.child(watch, {}, ROOT) as reader:
            frame = _seen(reader, host)
            page = tradectl("watch", "--once", "--database", database).out
            host.kill()
            _, complaint = reader.communicate()
            assert reader.returncode == 1
            assert f"{RUN} has crashed" in complaint
    assert frame["heading"] == {"run_id": RUN, "epoch": 0, "venue": "session", "sends": True}
    assert frame["status"] == "Running"
    assert frame["strip"] is None
    assert frame["bucket"]["breadth"]["live"] > 0
    assert frame["health"]["lines"] == [
        {"light": "green", "what": "tape", "sentence": "a recorded day"}
    ]
    (held,) = frame["positions"]
    assert held["protection"] == "resting"
    assert {row["strategy_id"] for row in frame["radar"]} <= {"acceleration", "reversion"}
    assert frame["governor"]["slots_used"] == 1
    assert f"session · {RUN}" in page
    assert "beyond" not in page

    with nursery.child(words, {}, ROOT) as host:
        printed, complaint = host.communicate()
    assert host.returncode == 0, complaint
    end = json.loads(printed)
    assert end["resumed_at"] > 0
    last = tradectl(*watch, "--once").json
    assert (last["status"], last["heading"]["epoch"]) == ("Ended", 1)
    assert last["governor"]["equity"] == end["equity"]
    assert last["governor"]["trades"] == end["trades"] > 1
    assert last["positions"] == []

    nowhere = ("--runs", str(tmp_path / "runs"), "--catalog", str(small_market))
    asked = ("missed", "--run", RUN, "--database", database, *nowhere, "--json")
    became = {each["strategy_id"]: each for each in tradectl(*asked).json["strategies"]}
    scan = ("scan", "--date", str(DAY), "--catalog", str(small_market), *names, *eager())
    found = tradectl(*scan, "--json").json
    assert became["acceleration"]["raised"] == found["candidates"] > 0
    assert became["reversion"]["raised"] == found["strategies"]["reversion"]["candidates"] > 0
