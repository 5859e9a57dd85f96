"""Every recorded day through the whole engine; digests are golden.

A change of a digest is a change of what is decided or filled on real ticks: re-pin it on purpose
with TRADECTL_REPIN=1 and say in the commit why.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Tradectl, eager

GOLDEN = Path(__file__).parent / "recorded_days.json"
RUNS = {
    "etf-and-two-stocks": ("2014-09-17", "2014-09-17"),
    "taq-stock-2008": ("2008-01-04", "2008-01-04"),
    "taq-stock-2018": ("2018-01-02", "2018-01-02"),
    "ibm-1990": ("1990-11-01", "1990-12-31"),
}
PINNED = ("decision_digest", "fill_digest", "candidates", "orders", "trades")


@pytest.fixture(scope="module")
def recorded(shared: Path, tradectl: Tradectl, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a catalog of all recorded days, imported as a user would."""
    root = tmp_path_factory.mktemp("recorded")
    data = shared / "data"
    trades = sorted(data.glob("ticks/*/*.parquet"))
    quotes = sorted(data.glob("quotes/*/*.parquet"))
    assert len(trades) >= 44
    for kind, files in (("trades", trades), ("quotes", quotes)):
        extra = ["--consolidate"] if kind == "quotes" else []
        done = tradectl("catalog", "import", *files, "--kind", kind, *extra, "--catalog", root)
        assert done.code == 0, done.err
    return root


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        (name, settings)
        for name in RUNS
        for settings in ("default", "eager")
        if (name, settings) != ("ibm-1990", "default")  # 40 days on which it raises nothing
    ],
)
def test_a_recorded_day_gives_its_golden_digests(
    tradectl: Tradectl, recorded: Path, tmp_path: Path, name: str, settings: str
) -> None:
    start, end = RUNS[name]
    chosen = eager() if settings == "eager" else []
    where = ("--catalog", recorded, "--runs", tmp_path)
    answer = tradectl("backtest", "--start", start, "--end", end, *where, *chosen, "--json")
    assert answer.code == 0, answer.err
    found = {key: answer.json[key] for key in PINNED}
    if settings == "eager" and name != "ibm-1990":
        assert found["trades"] >= 10
    golden: dict[str, Any] = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    if os.environ.get("TRADECTL_REPIN"):
        golden[f"{name}/{settings}"] = found
        GOLDEN.write_text(json.dumps(dict(sorted(golden.items())), indent=2) + "\n")
    assert found == golden[f"{name}/{settings}"]
