"""A run directory says what was asked, how it ended, and is written whole or not at all."""

from __future__ import annotations

import os
import socket
import subprocess
from decimal import Decimal
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from engine.domain.errors import (
    ConfigError,
    DataError,
    NotFoundError,
    RunError,
    TradectlError,
)
from engine.domain.facts import OrderRole
from store import Run, RunPlan, RunStatus, RunStore
from tests.accounting.streams import fill, plan, record, whole_run
from tests.store.conftest import ScarceDisk

BRACKET = plan("T1", "AAA", 1, 10, Decimal(20))
ROUND_TRIP = whole_run(
    [
        BRACKET,
        fill(BRACKET, OrderRole.ENTRY, 10, Decimal(20), Decimal(0)),
        fill(BRACKET, OrderRole.EXIT, 10, Decimal(21), Decimal(0)),
    ]
)


def _ended(store: RunStore, run_plan: RunPlan) -> Run:
    with store.start(run_plan) as run:
        record(run.journal, ROUND_TRIP)
        run.write_table("equity", pa.table({"ts": [1]}))
        run.finish(RunStatus.ENDED, decision_digest="a" * 64, counts={"trades": 1})
    return run


def test_an_ended_run_reads_back_with_a_journal_that_matches_its_manifest(
    tmp_path: Path, run_plan: RunPlan
) -> None:
    ended = _ended(RunStore(tmp_path), run_plan)
    run = RunStore(tmp_path).run(ended.run_id)
    assert run.manifest == ended.manifest
    assert run.manifest.status is RunStatus.ENDED
    assert (run.manifest.decision_digest, run.manifest.partial) == ("a" * 64, ())
    assert run.manifest.journal is not None
    assert run.journal.stored.verify(run.manifest.journal.hash).facts == len(ROUND_TRIP)
    assert run.read_table("equity") == pa.table({"ts": [1]})
    assert run.read_table("verdicts") is None


def test_run_ids_follow_from_the_plan_and_repetitions_are_numbered(
    tmp_path: Path, run_plan: RunPlan
) -> None:
    store = RunStore(tmp_path)
    ids = [_ended(store, run_plan).run_id for _ in range(3)]
    assert ids == [ids[0], f"{ids[0]}-2", f"{ids[0]}-3"]
    assert ids[0].startswith("2018-01-02-")
    moved = msgspec.structs.replace(run_plan, catalog="elsewhere")
    assert moved.derived_id() == run_plan.derived_id() == ids[0]
    longer = msgspec.structs.replace(run_plan, end="2018-01-05", data_hash="e" * 64)
    assert longer.derived_id().startswith("2018-01-02_2018-01-05-")
    assert longer.derived_id()[-8:] != ids[0][-8:]


def test_runs_are_found_by_id_by_beginning_and_as_the_latest(
    tmp_path: Path, run_plan: RunPlan
) -> None:
    store = RunStore(tmp_path)
    first = _ended(store, run_plan)
    other = _ended(store, msgspec.structs.replace(run_plan, start="2018-01-03", end="2018-01-03"))
    assert store.run().run_id == other.run_id
    assert store.run("2018-01-02").run_id == first.run_id
    with pytest.raises(ConfigError, match="may be any of"):
        store.run("2018")
    with pytest.raises(NotFoundError, match="no run '2019'"):
        store.run("2019")
    store.remove(first)
    assert [run.run_id for run in store.runs()] == [other.run_id]


def test_a_folder_that_is_not_there_holds_no_runs(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    assert store.runs() == []
    with pytest.raises(NotFoundError, match="none yet"):
        store.run()


@pytest.mark.parametrize(
    ("error", "status", "note"),
    [
        (RunError("handler failed at 10:05"), RunStatus.FAILED, "handler failed at 10:05"),
        (KeyboardInterrupt(), RunStatus.INTERRUPTED, "interrupted"),
    ],
)
def test_a_run_left_by_an_exception_is_sealed_with_what_its_journal_yields(
    tmp_path: Path, run_plan: RunPlan, error: BaseException, status: RunStatus, note: str
) -> None:
    def fail() -> None:
        with RunStore(tmp_path).start(run_plan) as run:
            record(run.journal, ROUND_TRIP[:-2])
            run.write_table("equity", pa.table({"ts": [1]}))
            raise error

    with pytest.raises(type(error)):
        fail()
    run = RunStore(tmp_path).run()
    assert (run.manifest.status, run.manifest.note) == (status, note)
    assert run.manifest.partial == ("fills", "trades")
    assert run.manifest.metrics["net_pnl"] == 10.0
    trades = run.read_table("trades")
    assert trades is not None
    assert trades["realized_pnl"].to_pylist() == [Decimal(10)]


def test_a_running_run_cannot_be_removed(tmp_path: Path, run_plan: RunPlan) -> None:
    store = RunStore(tmp_path)
    with store.start(run_plan) as run:
        with pytest.raises(ConfigError, match="is running"):
            store.remove(run)
        run.finish(RunStatus.ENDED)


def test_a_manifest_that_cannot_be_read_is_named_and_hides_no_other_run(
    tmp_path: Path, run_plan: RunPlan
) -> None:
    store = RunStore(tmp_path)
    good, torn = _ended(store, run_plan), _ended(store, run_plan)
    manifest = torn.path / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:100])
    assert [run.run_id for run in store.runs()] == [good.run_id]
    (error,) = store.damaged()
    assert str(manifest) in str(error)
    with pytest.raises(DataError, match="restore it or remove"):
        Run.open(torn.path)


def test_a_torn_table_is_named(tmp_path: Path, run_plan: RunPlan) -> None:
    run = _ended(RunStore(tmp_path), run_plan)
    table = run.path / "equity.parquet"
    table.write_bytes(table.read_bytes()[:-10])
    with pytest.raises(DataError, match=r"equity\.parquet cannot be read"):
        run.read_table("equity")


def test_a_disk_that_fills_up_keeps_the_earlier_table_and_the_run_is_sealed_later(
    scarce_disk: ScarceDisk, run_plan: RunPlan
) -> None:
    store = RunStore(scarce_disk.folder)
    noise = pa.table({"x": [os.urandom(64) for _ in range(20_000)]})

    def overflow() -> None:
        with store.start(run_plan) as run:
            record(run.journal, ROUND_TRIP)
            run.write_table("equity", pa.table({"ts": [1]}))
            scarce_disk.exhaust(room=64 * 1024)
            run.write_table("equity", noise)

    with pytest.raises(RunError, match=r"cannot write .*equity\.parquet: .*make room"):
        overflow()
    scarce_disk.relieve()
    (run,) = store.runs()
    assert run.manifest.status in {RunStatus.FAILED, RunStatus.RUNNING}
    assert run.read_table("equity") == pa.table({"ts": [1]})
    assert run.journal.stored.verify().facts == len(ROUND_TRIP)


def test_a_folder_that_cannot_be_written_is_refused_with_the_remedy(
    tmp_path: Path, run_plan: RunPlan
) -> None:
    blocked = tmp_path / "runs"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(TradectlError, match=r"cannot make a run in .*--runs"):
        RunStore(blocked / "deeper").start(run_plan)


def test_a_start_that_was_killed_leaves_no_run_and_no_folder(
    tmp_path: Path, run_plan: RunPlan
) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    unnamed = tmp_path / f".tmp-{gone.pid}@{socket.gethostname()}"
    unnamed.mkdir()
    (tmp_path / run_plan.derived_id()).mkdir()
    run = RunStore(tmp_path).start(run_plan)
    assert run.run_id == run_plan.derived_id()
    assert [path.name for path in tmp_path.iterdir()] == [run.run_id]
