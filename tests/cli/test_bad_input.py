"""What a user gets wrong, or a disk does: a clear message, the remedy, the documented exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from catalog import Catalog
from tests.cli.conftest import DAY, Tradectl, eager

USAGE, BAD_DATA, NOT_FOUND = 2, 3, 4


@pytest.mark.parametrize(
    ("arguments", "code", "remedy"),
    [
        (("backtest", "--catalog", "nowhere"), NOT_FOUND, "tradectl catalog synth"),
        (("scan", "--date", "2026-09-18", "--catalog", "nowhere"), NOT_FOUND, "catalog import"),
        (("backtest", "--date", "2026-09-21"), NOT_FOUND, "the catalog has 2026-09-18"),
        (("scan", "--date", "2026-09-21"), NOT_FOUND, "the catalog has 2026-09-18"),
        (("backtest", "--date", "2026-09-19"), USAGE, "the next one is 2026-09-21"),
        (("backtest", "--date", "18.9.2026"), USAGE, "YYYY-MM-DD"),
        (("scan", "--date", "0001-01-01"), USAGE, "from 1970 to 2261"),
        (("scan", "--date", "9999-12-31"), USAGE, "from 1970 to 2261"),
        (("backtest", "--date", "2026-09-18", "--start", "2026-09-18"), USAGE, "one or the other"),
        (("backtest", "--start", "2026-09-21", "--end", "2026-09-18"), USAGE, "lies after"),
        (("backtest", "--balance", "-5"), USAGE, "more than 0 USD"),
        (("backtest", "--balance", "1e30"), USAGE, "in whole cents"),
        (("backtest", "--symbols", ","), USAGE, "names no symbol"),
        (("scan", "--date", "2026-09-18", "--catalog", "weird://x"), USAGE, "fsspec URL"),
        (("backtest", "--set", "min_ac_z=[/red]"), USAGE, "[/red]"),
        (("backtest", "--balance", "lots"), USAGE, "no amount of USD"),
        (("backtest", "--letters", "C-A"), USAGE, "write A-C"),
        (("backtest", "--letters", "5"), USAGE, "A, A-C or A,M-P"),
        (("scan", "--date", "2026-09-18", "--symbols", "NOSUCH"), NOT_FOUND, "no trades of"),
        (("backtest", "--set", "fast_perod=3"), USAGE, "fast_period"),
        (("backtest", "--set", "fast_period"), USAGE, "key=value"),
        (("backtest", "--set", "fast_period=40"), USAGE, "slow_period"),
        (("backtest", "--set", "take_profit_percent=0.03"), USAGE, "percent"),
        (("backtest", "--set", "min_ac_z=nan"), USAGE, "min_ac_z"),
        (("backtest", "--params", "missing.yaml"), USAGE, "missing.yaml"),
        (("backtest", "--engine", "warp"), USAGE, "pruned"),
        (("runs", "show", "nothing"), NOT_FOUND, "no run"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(
    tradectl: Tradectl, market: Path, arguments: tuple[str, ...], code: int, remedy: str
) -> None:
    placed = arguments if "--catalog" in arguments else (*arguments, "--catalog", str(market))
    if arguments[0] == "runs":
        placed = arguments
    answer = tradectl(*placed)
    assert answer.code == code, answer.err
    assert remedy in " ".join(answer.err.replace("│", " ").split())
    assert "Traceback" not in answer.err
    assert answer.out == ""


def test_with_json_a_failure_is_one_object_on_stdout(tradectl: Tradectl) -> None:
    answer = tradectl("backtest", "--catalog", "nowhere", "--json")
    assert answer.code == NOT_FOUND
    assert answer.json["status"] == "error"
    assert answer.json["error"] == "NotFoundError"
    assert "nowhere" in answer.json["message"]


def test_with_json_a_command_line_that_cannot_be_read_is_one_object_too(
    tradectl: Tradectl,
) -> None:
    answer = tradectl("why", "--json")
    assert answer.code == USAGE
    assert "symbol" in answer.json["message"]


def test_a_day_of_one_print_runs_and_decides_nothing(tradectl: Tradectl, tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    file.write_text("symbol,ts_event,price,size\nAAA,1789738260000000000,10.5,100\n")
    root = tmp_path / "catalog"
    stored = tradectl("catalog", "import", file, "--kind", "trades", "--catalog", root)
    assert stored.code == 0, stored.err
    answer = tradectl("backtest", "--catalog", root, "--runs", tmp_path / "runs", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["quality"]["in_buckets"] == 1
    assert answer.json["candidates"] == answer.json["trades"] == 0


def test_a_day_without_a_print_in_the_session_runs_too(tradectl: Tradectl, tmp_path: Path) -> None:
    file = tmp_path / "early.csv"
    file.write_text("symbol,ts_event,price,size\nAAA,1789725600000000000,10.5,100\n")
    root = tmp_path / "catalog"
    assert tradectl("catalog", "import", file, "--kind", "trades", "--catalog", root).code == 0
    answer = tradectl("backtest", "--catalog", root, "--runs", tmp_path / "runs", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["quality"]["outside_session"] == 1
    assert answer.json["candidates"] == 0


def test_a_corrupt_partition_stops_the_run_and_is_named(
    tradectl: Tradectl, market: Path, tmp_path: Path
) -> None:
    root = tmp_path / "catalog"
    shutil.copytree(market, root)
    part = next(root.glob("trades/*/letter=A/part-0.parquet"))
    content = bytearray(part.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 64] = bytes(64)
    part.write_bytes(content)
    answer = tradectl("catalog", "verify", "--catalog", root)
    assert answer.code == BAD_DATA
    part.write_bytes(content[: len(content) // 2])
    answer = tradectl("backtest", "--catalog", root, "--runs", tmp_path / "runs")
    assert answer.code == BAD_DATA, answer.err
    assert "letter=A" in answer.err
    listed = tradectl("runs", "list", "--runs", tmp_path / "runs", "--json").json
    assert [run["status"] for run in listed["runs"]] == ["Failed"]


def test_a_disk_that_fills_up_fails_the_run_and_loses_nothing_stored(
    tradectl: Tradectl, market: Path, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    runs = tmp_path / "small"
    runs.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(runs)]
    if subprocess.run(mounted, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        ballast = runs / "ballast"
        ballast.write_bytes(bytes(1_000_000))
        answer = tradectl("backtest", "--catalog", market, "--runs", runs, *eager())
        assert answer.code == 1, answer.err
        assert "No space left" in answer.err or "disk" in answer.err
        assert "Traceback" not in answer.err
        ballast.unlink()
        listed = tradectl("runs", "list", "--runs", runs, "--json")
        assert listed.code == 0, listed.err
        statuses = [run["status"] for run in listed.json["runs"]]
        assert statuses in (["Failed"], ["CrashedRecovered"])
    finally:
        subprocess.run(["umount", str(runs)], check=True)
    assert Catalog.open(str(market)).dates() == [DAY]


def test_a_runs_folder_that_cannot_be_made_is_named(
    tradectl: Tradectl, market: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    answer = tradectl("backtest", "--catalog", market, "--runs", blocked)
    assert answer.code == 1
    assert "--runs" in answer.err
