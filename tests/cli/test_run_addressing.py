"""Runs are looked back at on the tape they traded, by whatever name, wherever they are kept."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from catalog import Catalog
from catalog.synth import synthesize
from store import RunStore
from tests.cli.conftest import DAY, Tradectl, eager
from tests.forked_processes import ForkedProcesses

UNKNOWN = 4


@pytest.fixture(scope="module")
def own(
    backtested: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """Return a folder with a backtest, and one of its trades."""
    runs = shutil.copytree(backtested[0], tmp_path_factory.mktemp("own") / "runs")
    table = RunStore(runs).run().read_table("trades")
    assert table is not None
    return runs, table.to_pylist()[0]


def test_why_and_missed_read_the_run_s_own_tape_whatever_the_default_is(
    nursery: ForkedProcesses,
    own: tuple[Path, dict[str, Any]],
    market: Path,
    small_market: Path,
    tmp_path: Path,
) -> None:
    runs, trade = own
    why = ("why", trade["symbol"], str(trade["candidate_ts"]), "--runs", str(runs), "--json")
    elsewhere = {"TRADECTL_CATALOG": str(small_market)}
    said = nursery.answer(why, elsewhere, tmp_path)
    assert said.code == 0, said.err
    assert said.json["tape"] == {"catalog": str(market), "is_own": True, "note": ""}
    assert said.json["trade"]["trade_id"] == trade["trade_id"]
    missed = nursery.answer(
        ("missed", "--runs", str(runs), "--symbols", trade["symbol"], "--json"), elsewhere, tmp_path
    )
    assert missed.code == 0, missed.err
    assert missed.json["tape"]["is_own"] is True


def test_another_tape_than_the_one_traded_is_named_with_the_remedy(
    tradectl: Tradectl, own: tuple[Path, dict[str, Any]], market: Path, tmp_path: Path
) -> None:
    runs, trade = own
    other = tmp_path / "other"
    synthesize(Catalog(str(other)), DAY, symbols=60, trades=60_000, seed=12, quotes=False)
    where = ("--runs", runs, "--catalog", other)
    asked = ("why", trade["symbol"], str(trade["candidate_ts"]), *where)
    tape = tradectl(*asked, "--json").json["tape"]
    assert (tape["catalog"], tape["is_own"]) == (str(other), False)
    assert f"leave --catalog out for the run's own, {market}" in tape["note"]
    assert "does not hold the tape of 2026-09-18" in tradectl(*asked).out
    gone = tradectl("why", trade["symbol"], "10:00", "--runs", runs, "--catalog", tmp_path / "no")
    assert gone.code == UNKNOWN


def test_a_day_imported_anew_is_another_and_new_instruments_alone_are_not(
    tradectl: Tradectl, market: Path, tmp_path: Path
) -> None:
    root, runs = shutil.copytree(market, tmp_path / "market"), tmp_path / "runs"
    where = ("--catalog", root, "--runs", runs)
    ran = tradectl("backtest", *where, "--letters", "S", *eager(), "--json")
    assert ran.code == 0, ran.err
    symbol = min(Catalog(str(root)).symbols(DAY, ["S"]))
    asked = ("why", symbol, "10:30:05", "--runs", runs, "--json")
    Catalog(str(root)).instruments.add_tapes({"NEWLISTED": "A"})
    tape = tradectl(*asked).json["tape"]
    assert (tape["is_own"], tape["note"]) == (True, "")
    synthesize(
        Catalog(str(root)), DAY, symbols=60, trades=60_000, seed=12, quotes=False, replace=True
    )
    tape = tradectl(*asked).json["tape"]
    assert tape["is_own"] is False
    assert "imported anew since" in tape["note"]
    outside = tradectl("why", "AAPL", "10:30:05", "--runs", runs, "--json").json
    assert "it was narrowed to the letters S" in outside["answer"]
    shutil.rmtree(root)
    lost = tradectl(*asked)
    assert lost.code == UNKNOWN
    assert "read its days from" in lost.json["message"]
    assert "name where it is now with --catalog" in lost.json["message"]
