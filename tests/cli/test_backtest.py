"""``tradectl backtest`` and ``scan`` as a user runs them: output, exit codes, interruptions."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.domain.facts import ParamsChanged
from store import RunStatus, RunStore
from tests.cli.conftest import DAY, Tradectl, eager
from tests.forked_processes import environment


def test_a_backtest_writes_a_run_directory_that_everything_reads_and_repeats(
    tradectl: Tradectl, market: Path, backtested: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    first, said = backtested
    runs = shutil.copytree(first, tmp_path / "runs")
    where = ("--catalog", market, "--runs", runs)
    assert said["status"] == "Ended"
    assert said["candidates"] > 0
    assert said["orders"] >= 3 * said["trades"] > 0
    assert len(said["decision_digest"]) == len(said["fill_digest"]) == 64
    assert {"optimistic", "base", "pessimistic"} == set(said["ladder"])
    assert said["timings"]["scan_trades_per_sec"] > 0
    assert "<html" in Path(said["report"]).read_text()[:200].lower()
    run = RunStore(runs).run()
    assert run.manifest.status is RunStatus.ENDED
    assert run.journal.stored.verify().broken is None
    trades = run.read_table("trades")
    assert trades is not None
    assert len(trades) == said["trades"]
    page = tradectl("backtest", *where, *eager(), "--refresh", "--workers", "1")
    assert page.code == 0
    again = RunStore(runs).run().manifest
    assert again.run_id != run.run_id
    assert again.decision_digest == said["decision_digest"]
    assert again.fill_digest == said["fill_digest"]
    assert "report:" in page.out
    assert "Decision funnel" in page.out
    one = trades.to_pylist()[0]
    why = tradectl("why", one["symbol"], one["candidate_ts"], *where, "--json")
    assert why.code == 0, why.err
    assert why.json["trade"]["trade_id"] == one["trade_id"]
    missed = tradectl("missed", "--top", "3", *where, "--json")
    assert missed.code == 0, missed.err
    compared = tradectl("runs", "compare", run.run_id, "latest", "--runs", runs, "--json")
    assert compared.code == 0, compared.err


def test_scan_ranks_candidates_and_keeps_them_in_the_catalog(
    tradectl: Tradectl, market: Path
) -> None:
    asked = ("scan", "--date", str(DAY), "--catalog", market)
    said = tradectl(*asked, "--top", "3", "--json").json
    ranks = [row["ac_z"] for row in said["top"]]
    assert said["candidates"] >= len(ranks) == 3
    assert ranks == sorted(ranks, reverse=True)
    kept = tradectl("catalog", "sql", "select count(*) n from candidates where phase = 'raised'",
                    "--catalog", market, "--json")  # fmt: skip
    assert kept.code == 0, kept.err
    page = tradectl(*asked)
    assert "kept from before" in " ".join(page.out.split())
    assert "▁" in page.out


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGINT])
def test_a_backtest_that_is_stopped_says_so_and_keeps_what_it_did(
    market: Path, tmp_path: Path, way: signal.Signals
) -> None:
    command = [sys.executable, "-m", "cli.main", "backtest", "--engine", "full", "--json"]
    where = ["--catalog", str(market), "--runs", str(tmp_path)]
    with subprocess.Popen(
        [*command, *where, *eager()], env=environment(), stdout=subprocess.PIPE, text=True
    ) as child:
        _wait_for_trades(tmp_path)
        child.send_signal(way)
        printed, _ = child.communicate(timeout=120)
    run = RunStore(tmp_path).run()
    if way is signal.SIGINT:
        assert child.returncode == 130
        assert run.manifest.status is RunStatus.INTERRUPTED
        assert '"status": "Interrupted"' in printed
        assert run.report.is_file()
    else:
        assert child.returncode == -signal.SIGKILL
        assert run.manifest.status is RunStatus.CRASHED_RECOVERED
        assert "trades" in run.manifest.partial
        assert not run.report.exists()
    assert run.manifest.decision_digest is None
    assert run.journal.stored.verify().broken is None
    trades = run.read_table("trades")
    assert trades is not None
    assert len(trades) > 0


def _wait_for_trades(runs: Path) -> None:
    """Wait until a run has journalled a closed trade."""
    patience = time.monotonic() + 120
    while time.monotonic() < patience:
        for journal in runs.glob("*/journal.sqlite-wal"):
            if journal.read_bytes().count(b"trade_closed") > 0:
                return
        time.sleep(0.05)
    pytest.fail("the backtest closed no trade in two minutes")


def test_many_days_carry_the_account_from_day_to_day(
    tradectl: Tradectl, market: Path, backtested: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    root = tmp_path / "days"
    shutil.copytree(market, root)
    second = tradectl("catalog", "synth", "2026-09-21", "--catalog", root, "--symbols", "60",
                      "--trades", "150000", "--seed", "5", "--json")  # fmt: skip
    assert second.code == 0, second.err
    where = ("--catalog", root, "--runs", tmp_path / "runs", "--json")
    both = tradectl("backtest", "--start", "2026-09-18", "--end", "2026-09-22", *where, *eager())
    assert both.code == 0, both.err
    assert "no trades are stored for 1 day: 2026-09-22" in both.err
    assert both.json["trades"] > backtested[1]["trades"] > 0
    equity = RunStore(tmp_path / "runs").run(both.json["run_id"]).read_table("equity")
    assert equity is not None
    net = both.json["metrics"]["net_pnl"]
    assert float(equity.column("equity")[-1].as_py()) == pytest.approx(100_000 + net)


def test_a_schedule_of_parameters_is_lived_through(
    tradectl: Tradectl, market: Path, tmp_path: Path
) -> None:
    file = tmp_path / "changes.yaml"
    file.write_text(
        f"- at: {DAY}T12:00\n  because: calmer\n  set: {{min_ac_z: 3, fast_period: 8}}\n"
        f"- at: {DAY}T11:00\n  set: {{stop_loss_percent: 0.3}}\n"
    )
    options = ("backtest", "--catalog", market, "--runs", tmp_path / "runs", *eager(), "--json")
    ran = tradectl(*options, "--params-schedule", file)
    assert ran.code == 0, ran.err
    facts = RunStore(tmp_path / "runs").run().journal.facts()
    told = [fact.payload for fact in facts if isinstance(fact.payload, ParamsChanged)]
    assert [(each.version, each.because) for each in told] == [
        (2, "scheduled for a backtest"),
        (3, "calmer"),
    ]
    report = RunStore(tmp_path / "runs").run().report.read_text(encoding="utf-8")
    assert "Changed during the run" in report
    assert "fast_period 5 → 8" in report
    where = ("--catalog", market, "--runs", tmp_path / "runs", "--json")
    symbol = "SOXL"
    for clock, version, threshold in (("11:00:00", 2, 1.5), ("12:00:00", 3, 3.0)):
        said = tradectl("why", symbol, clock, "--run", "latest", *where).json
        limits = {check["gate"]: check["threshold"] for check in said["gates"]}
        assert (said["params_version"], limits["ac_z"]) == (version, threshold)
    missed = tradectl(
        "missed", "--run", "latest", "--symbols", symbol, "--top", "1000", *where
    ).json
    judged = [row for row in missed["missed"] if row["stopped_by"] == "ac_z"]
    assert {row["detail"].split()[2] for row in judged} <= {"1.5", "3"}
    file.write_text("- at: 2026-09-18T12:00\n  set: {fast_period: 90}\n")
    refused = tradectl(*options, "--params-schedule", file)
    assert refused.code == 2
    assert "fast_period" in refused.json["message"]
