"""A class that is no strategy is refused alike at every door, before anything has begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import DAY, Tradectl
from tests.forked_processes import ForkedProcesses
from tests.strategies import unfit

_NEW = "see docs/how-to/write-a-strategy.md, or begin with 'tradectl strategy new NAME'"
_DOORS = {
    "scan": ("scan", "--date", str(DAY), "--strategy"),
    "backtest": ("backtest", "--strategy"),
    "session": ("session", "--strategy"),
    "rehearse": ("rehearse", "--strategy"),
    "live": ("live", "--venue", "alpaca-sim", "--strategy"),
    "preview": ("preview", "--set", "silent.max_hold_seconds=60", "--strategy"),
    "check": ("strategy", "check", "--date", str(DAY)),
}


@pytest.mark.parametrize("door", _DOORS)
def test_a_class_without_signals_is_refused_at_every_door(
    tradectl: Tradectl, small_market: Path, tmp_path: Path, door: str
) -> None:
    source = f"{unfit.__name__}:Silent"
    where = ["--catalog", str(small_market), "--json"]
    if door in {"session", "rehearse", "live"}:
        where += ["--database", str(tmp_path / "facts.sqlite")]
    answer = tradectl(*_DOORS[door], source, *where)
    assert answer.code == 2, answer.out + answer.err
    assert answer.json["error"] == "ConfigError"
    said = f"{source} is no strategy: it has no signals: add def signals(self, tape) -> Signals"
    assert answer.json["message"] == f"{said}; {_NEW}"
    assert "Traceback" not in answer.err


def test_a_module_that_ends_its_process_is_refused(
    nursery: ForkedProcesses, tmp_path: Path
) -> None:
    (tmp_path / "leaves.py").write_text("raise SystemExit(0)\n")
    answer = nursery.answer(["strategy", "show", "leaves:Any", "--json"], {}, tmp_path)
    assert (answer.code, "SystemExit: 0" in answer.json["message"]) == (2, True)
