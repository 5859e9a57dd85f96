"""A run of several strategies, as every command that reads runs shows it."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.runs.signals.file import signal_table
from engine.signals.digest import SignalDigest
from store import RunStore
from tests.cli.conftest import DAY, Tradectl, eager
from tests.forked_processes import ForkedProcesses

THEIRS = {"reversion", "tight"}
THREE = ("acceleration", "reversion", "opening_range")

_TIGHT = '''"""Buys what is quoted tightly."""

import numpy as np

from strategies import Signals, TapeStrategy, at_least, at_most, quotes


class Tight(TapeStrategy):
    """Buys what is quoted tightly, on a new quote."""

    strategy_id = "tight"

    def needs(self):
        return (quotes(),)

    def signals(self, tape):
        spread_bps = 2e4 * (tape.ask - tape.bid) / (tape.ask + tape.bid)
        deep = (tape.bid_size - tape.ask_size) / (tape.bid_size + tape.ask_size)
        features = {
            "spread_bps": at_most(spread_bps, 6.0),
            "deep": at_least(deep, 0.5),
            "age": at_most(tape.quote_age, 5.0),
        }
        return Signals(np.where(deep > 0, 1, -1), np.abs(deep) * 4, features)
'''


@pytest.fixture(scope="module")
def ran(
    tradectl: Tradectl, small_market: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """Return a folder with one run of three strategies, and what it said."""
    runs = tmp_path_factory.mktemp("several")
    asked = [word for name in THREE for word in ("--strategy", name)]
    own = ("--weight", "reversion=2", "--set", "reversion.min_distance=2")
    where = ("--catalog", small_market, "--runs", runs)
    done = tradectl("backtest", *where, *asked, *own, *eager(), "--json")
    assert done.code == 0, done.err
    return runs, done.json


def of_others(runs: Path) -> dict[str, Any]:
    """Return a trade that is not acceleration's."""
    trades = RunStore(runs).run().read_table("trades")
    assert trades is not None
    return next(row for row in trades.to_pylist() if row["strategy_id"] != "acceleration")


def test_why_shows_a_strategys_own_features_and_who_contributed(
    tradectl: Tradectl, small_market: Path, ran: tuple[Path, dict[str, Any]]
) -> None:
    runs, _ = ran
    trade = of_others(runs)
    owner = trade["strategy_id"]
    asked = ("why", trade["symbol"], trade["candidate_ts"], "--catalog", small_market)
    said = tradectl(*asked, "--runs", runs, "--json").json
    assert f"by {owner}" in said["answer"]
    assert {each["strategy_id"]: each["weight"] for each in said["strategies"]} == {
        "acceleration": 0.25,
        "reversion": 0.5,
        "opening_range": 0.25,
    }
    (own,) = [each for each in said["signals"] if each["strategy_id"] == owner]
    assert own["score"] == pytest.approx(trade["score"], abs=1e-6)
    assert own["features"]
    assert all(each["passed"] for each in own["features"])
    if owner == "reversion":
        limits = {each["name"]: each["threshold"] for each in own["features"]}
        assert limits["distance"] == 2
    assert said["contributions"][0]["strategy_id"] == owner
    assert (said["verdict"]["strategy_id"], said["verdict"]["approved"]) == (owner, True)
    page = tradectl(*asked, "--runs", runs).out
    assert f"contribution of {owner}" in page
    assert all(feature["name"] in page for feature in own["features"])


def test_reports_tables_and_lists_name_the_strategies(
    tradectl: Tradectl, ran: tuple[Path, dict[str, Any]]
) -> None:
    runs, said = ran
    run = RunStore(runs).run()
    parts = {name: Decimal(part["net_pnl"]) for name, part in said["strategies"].items()}
    assert tuple(parts) == tuple(run.manifest.weights) == THREE
    assert sum(parts.values()) == Decimal(str(said["metrics"]["net_pnl"]))

    signals = run.read_table("strategy_signals")
    assert signals is not None
    raised = [row["strategy_id"] for row in signals.to_pylist() if row["phase"] == "raised"]
    for name in THREE[1:]:
        assert raised.count(name) == said["strategies"][name]["candidates"] > 0

    html = run.report.read_text()
    start = html.index('type="application/json">') + len('type="application/json">')
    trades = json.loads(html[start : html.index("</script>", start)])["trades"]
    assert set(trades["strategy"]) > {of_others(runs)["strategy_id"]}
    for owner, features, gates in zip(
        trades["strategy"], trades["features"], trades["passed"], strict=True
    ):
        assert (features is None) == (owner == "acceleration")
        assert (gates is None) == (owner != "acceleration")
    assert 'id="strategies"' in html
    shown = tradectl("runs", "show", "latest", "--runs", runs).out
    assert "reversion 0.5" in shown


def test_missed_shows_what_became_of_every_strategys_candidates(
    tradectl: Tradectl, small_market: Path, ran: tuple[Path, dict[str, Any]]
) -> None:
    runs, said = ran
    asked = ("missed", "--catalog", small_market, "--runs", runs, "--top", "5000", "--json")
    answer = tradectl(*asked).json
    became = {each["strategy_id"]: each for each in answer["strategies"]}
    assert tuple(became) == THREE
    verdicts = RunStore(runs).run().read_table("verdicts")
    assert verdicts is not None
    for name in THREE:
        own = [row for row in verdicts.to_pylist() if row["strategy_id"] == name]
        refused = Counter(row["reason"] for row in own if not row["approved"])
        assert own
        assert refused.items() <= became[name]["stopped_by"].items()
        assert became[name]["approved"] == len(own) - refused.total()
        assert became[name]["raised"] == said["strategies"][name]["candidates"] > 0
        assert became[name]["traded"] == said["strategies"][name]["trades"]
    missed = answer["missed"]
    assert {row["strategy_id"] for row in missed} == {*THREE}
    features = {
        "acceleration": {"warm", "ac_z"},
        "reversion": {"distance", "age", "surge", "price", "session_notional"},
        "opening_range": {"is_new", "surge", "width"},
    }
    for row in missed:
        assert (row["ac_z"] is None) == (row["strategy_id"] != "acceleration")
        assert row["score"] >= 0
        assert {each["name"] for each in row["features"]} >= features[row["strategy_id"]]
        failed = [each["name"] for each in row["features"] if not each["passed"]]
        assert failed in ([], [row["stopped_by"]])

    own = tradectl(*asked, "--strategy", "reversion").json
    assert [each["strategy_id"] for each in own["strategies"]] == ["reversion"]
    assert own["strategies"] == [became["reversion"]]
    assert own["missed"] == [row for row in missed if row["strategy_id"] == "reversion"]
    page = tradectl(*asked[:-1], "--strategy", "reversion").out
    assert f"reversion: {became['reversion']['raised']:,} raised; stopped by" in page
    strange = tradectl(*asked, "--strategy", "reversoin")
    assert strange.code == 2
    assert "it hosts acceleration, reversion, opening_range" in strange.json["message"]


def test_missed_says_nothing_of_gates_that_the_run_did_not_go_by(
    tradectl: Tradectl, small_market: Path, tmp_path: Path
) -> None:
    where = ("--catalog", small_market, "--runs", tmp_path)
    own = ("--strategy", "reversion", "--set", "reversion.min_distance=2")
    done = tradectl("backtest", *where, *own, *eager(), "--json")
    assert done.code == 0, done.err
    answer = tradectl("missed", *where, "--top", "5000", "--json").json
    assert answer["missed"]
    assert {row["strategy_id"] for row in answer["missed"]} == {"reversion"}
    assert [each["strategy_id"] for each in answer["strategies"]] == ["reversion"]


def digest(signals: pa.Table | None) -> tuple[int, bytes]:
    """Return how many rows a table has, and a digest of all, bit by bit; NaN is NaN."""
    assert signals is not None
    found = SignalDigest()
    found.update(signals, ())
    return len(signals), found.digest()


def test_a_rehearsal_and_a_session_keep_what_their_backtest_keeps_and_answer_alike(
    nursery: ForkedProcesses, small_market: Path, tmp_path: Path
) -> None:
    (tmp_path / "tightly.py").write_text(_TIGHT)
    database = ("--database", tmp_path / "facts.sqlite")
    where = ("--catalog", small_market, "--runs", tmp_path / "runs")
    quick = ("--set", "bucket_seconds=30", "--set", "bucket_ttl=5000")
    own = ("--strategy", "reversion", "--strategy", "tightly:Tight")
    lower = ("--set", "reversion.min_distance=1.5", "--set", "reversion.min_age=30")

    def answered(*words: str | Path) -> dict[str, Any]:
        answer = nursery.answer([*words, *where, "--json"], {}, tmp_path)
        assert answer.code == 0, answer.out + answer.err
        return answer.json

    asked = (*eager(), *quick, *own, *lower, "--letters", "A-C")
    tested = answered("backtest", "--date", str(DAY), *asked)
    rehearsed = answered("rehearse", str(DAY), *database, *asked)
    played = answered("session", "--date", str(DAY), *database, *asked)
    assert (rehearsed["same_decisions"], rehearsed["same_fills"]) == (True, True)

    kept = RunStore(tmp_path / "runs").run(tested["run_id"]).read_table("strategy_signals")
    assert kept is not None
    by_name = kept.column("strategy_id").to_pylist()
    assert min(by_name.count(name) for name in ("reversion", "tight")) > 100
    assert kept.column("bid").null_count < len(kept) / 2
    table = tmp_path / "runs" / f"{rehearsed['run_id']}.strategy_signals.parquet"
    assert digest(pq.read_table(table)) == digest(kept)
    assert digest(signal_table(played["run_id"], tmp_path / "runs")) == digest(kept)

    row = next(
        row for row in kept.to_pylist() if row["strategy_id"] == "tight" and row["qualified"]
    )
    runs = [("--run", each["run_id"], *database) for each in (rehearsed, tested, played)]
    why = ("why", row["symbol"], str(row["ts_event"]))
    ours, theirs, of_session = (answered(*why, *run) for run in runs)
    assert ours["signals"] == theirs["signals"] == of_session["signals"]
    (tight,) = [each for each in ours["signals"] if each["strategy_id"] == "tight"]
    assert {each["name"]: each["threshold"] for each in tight["features"]} == {
        "spread_bps": 6.0,
        "deep": 0.5,
        "age": 5.0,
    }
    assert all(each["passed"] for each in tight["features"])
    missed = [answered("missed", *run, "--top", "9999") for run in runs]
    ours, theirs, of_session = (each["missed"] for each in missed)
    assert {row["strategy_id"] for row in ours} >= THEIRS
    assert ours == theirs == of_session, "with the letters, tape and verdicts of each"
    assert [each["tape"]["is_own"] for each in missed] == [True] * 3

    made = answered("report", rehearsed["run_id"], *database)["report"]
    html = Path(made).read_text()
    assert 'id="strategies"' in html
    start = html.index('type="application/json">') + len('type="application/json">')
    trades = json.loads(html[start : html.index("</script>", start)])["trades"]
    assert len(trades["strategy"]) == rehearsed["trades"] > 0
    assert all(trades["features"])
