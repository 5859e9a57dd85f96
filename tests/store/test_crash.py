"""A killed run says that it was killed, keeps every fact it promised, and no half-truth."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from engine.accounting import PROJECTIONS, Trade, keep_accounts
from store import RunPlan, RunStatus, RunStore, arrow_table
from store.journal.process import Process


def _start(root: Path, run_plan: RunPlan) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.endless_run", str(root)]
    stored_plan = msgspec.json.encode(run_plan).decode()
    return subprocess.Popen([*command, stored_plan], stdout=subprocess.PIPE, text=True)


def _kill_after_first_promise(process: subprocess.Popen[str], secs: float) -> list[str]:
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(secs)
    process.send_signal(signal.SIGKILL)
    promised, _ = process.communicate()
    return [first.strip(), *promised.splitlines()]


@pytest.mark.parametrize("seed", range(8))
def test_a_run_killed_at_any_moment_keeps_what_it_promised_and_says_so(
    tmp_path: Path, run_plan: RunPlan, seed: int
) -> None:
    with _start(tmp_path, run_plan) as process:
        promised = _kill_after_first_promise(process, random.Random(seed).uniform(0, 0.3))
    (run,) = RunStore(tmp_path).runs()
    stored = {fact.seq: fact.hash for fact in run.journal.facts()}

    assert run.manifest.status is RunStatus.CRASHED_RECOVERED
    assert f"process {process.pid} ended" in run.manifest.note
    complete = [line.split() for line in promised if len(line.split()[-1]) == 64]
    assert complete
    assert [stored[int(seq)] for seq, _ in complete] == [hash_ for _, hash_ in complete]

    head = run.manifest.journal
    assert head is not None
    assert head.facts == len(stored)
    assert run.journal.stored.verify(head.hash).clean

    accounts = keep_accounts(run.journal.facts())
    trades, fills = run.read_table("trades"), run.read_table("fills")
    assert trades is not None
    assert trades.equals(arrow_table(Trade, accounts.books().trades))
    assert fills is not None
    assert fills.equals(arrow_table(PROJECTIONS["fills"].row, PROJECTIONS["fills"].rows(accounts)))
    assert run.manifest.partial == ("equity", "fills", "trades")
    metadata = pq.read_schema(run.path / "trades.parquet").metadata
    assert f"covers {len(stored):,} facts" in metadata[b"tradectl.partial"].decode()
    assert sorted(path.name for path in run.path.iterdir()) == [
        "equity.parquet",
        "fills.parquet",
        "journal.sqlite",
        "manifest.json",
        "trades.parquet",
    ]


def test_a_run_whose_process_lives_is_left_alone(tmp_path: Path, run_plan: RunPlan) -> None:
    with _start(tmp_path, run_plan) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (run,) = RunStore(tmp_path).runs()
        process.kill()
        process.communicate()
    assert run.manifest.status is RunStatus.RUNNING
    assert run.manifest.partial == ()


def test_the_next_run_seals_the_one_that_crashed(tmp_path: Path, run_plan: RunPlan) -> None:
    with _start(tmp_path, run_plan) as process:
        _kill_after_first_promise(process, 0.05)
    with RunStore(tmp_path).start(run_plan) as second:
        assert second.run_id.endswith("-2")
        first = RunStore(tmp_path).run(second.run_id.removesuffix("-2"))
        second.finish(RunStatus.ENDED)
    assert first.manifest.status is RunStatus.CRASHED_RECOVERED


def test_a_crashed_run_with_a_broken_journal_is_quarantined(
    tmp_path: Path, run_plan: RunPlan
) -> None:
    with _start(tmp_path, run_plan) as process:
        _kill_after_first_promise(process, 0.05)
    (journal,) = tmp_path.glob("*/journal.sqlite")
    for wal in tmp_path.glob("*/journal.sqlite-*"):
        wal.unlink()
    journal.write_bytes(b"scribble" * 1000)
    (run,) = RunStore(tmp_path).runs()
    assert run.manifest.status is RunStatus.QUARANTINED
    assert "file is not a database" in run.manifest.note
    assert run.read_table("trades") is None


def test_a_run_killed_while_its_journal_was_made_has_no_facts(
    tmp_path: Path, run_plan: RunPlan
) -> None:
    run = RunStore(tmp_path).start(run_plan)
    run.journal.close()
    (run.path / "journal.sqlite").write_bytes(b"")
    manifest = run.path / "manifest.json"
    pid = f'"pid": {run.manifest.process.pid}'
    manifest.write_text(manifest.read_text().replace(pid, '"pid": 4194305'))
    (sealed,) = RunStore(tmp_path).runs()
    assert sealed.manifest.status is RunStatus.CRASHED_RECOVERED
    assert sealed.read_table("trades") == arrow_table(Trade, [])


def test_a_process_id_given_to_another_process_does_not_keep_a_run_alive() -> None:
    mine = Process.current()
    assert not mine.is_gone()
    assert msgspec.structs.replace(mine, started=mine.started - 3600).is_gone()
    assert not msgspec.structs.replace(mine, pid=2**22 + 1, host="elsewhere").is_gone()
