"""``tradectl journal`` and ``database``: read, follow, check, replay, export; documented exits."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app.runs.kept_runs import DEFAULT_DATABASE
from cli.main import app
from engine.domain.facts import OrderRole
from engine.journal import Record, verify
from store import RECORDS, CommandLog, Journals, newest_revision
from tests.accounting.streams import OPEN_NS, fill, plan, record, whole_run

BRACKET = plan("T1", "AAA", 1, 10, Decimal(20))
ENTRY = fill(BRACKET, OrderRole.ENTRY, 10, Decimal("20.5"), Decimal(1))


@pytest.fixture
def stored(database_url: str) -> str:
    """Return a database with one run of six facts, of each kind in turn."""
    with Journals(database_url).start("2018-01-02-run") as journal:
        record(journal, whole_run([BRACKET, ENTRY]))
    return database_url


def _ask(*arguments: str, exits: int = 0) -> Any:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == exits, result.output
    return json.loads(result.stdout)


def test_show_finds_facts_by_kind_and_place(stored: str) -> None:
    at = ("--database", stored)
    shown = _ask("journal", "show", "2018", *at)
    assert [fact["seq"] for fact in shown["facts"]] == [1, 2, 3, 4, 5, 6]
    assert not shown["more"]
    (one,) = _ask("journal", "show", *at, "--kind", "order_filled")["facts"]
    assert one["payload"]["last_px"] == "20.5"
    shown = _ask("journal", "show", *at, "--since", "2", "-n", "1")
    assert [fact["seq"] for fact in shown["facts"]] == [3]
    assert shown["more"]
    refused = _ask("journal", "show", *at, "--kind", "order_fille", exits=2)
    assert "did you mean order_filled?" in refused["message"]


def test_replay_says_what_follows_from_the_facts_so_far(stored: str) -> None:
    at = ("--database", stored)
    assert _ask("journal", "replay", *at, "--until", "3")["cash"] == "100000"
    state = _ask("journal", "replay", *at)
    assert state["positions"] == {"AAA": "10"}
    assert Decimal(state["cash"]) == 100_000 - 205 - 1
    assert (state["trades"], state["open_trades"]) == (1, 1)


def test_verify_exits_by_what_it_found(stored: str, tmp_path: Path) -> None:
    at = ("--database", stored)
    assert _ask("journal", "verify", *at)["status"] == "whole"
    database = Journals(stored).database
    with database.connect() as connection, connection.begin():
        connection.execute(text("update facts set payload = '{}' where seq = 3"))
    found = _ask("journal", "verify", *at, exits=6)
    assert (found["facts"], found["broken"]["seq"]) == (2, 3)
    assert found["broken"]["damage"] == "altered"
    _ask("journal", "verify", "2019", *at, exits=4)
    _ask("journal", "verify", "--database", str(tmp_path / "none.sqlite"), exits=4)
    (tmp_path / "text.sqlite").write_text("no database" * 100)
    _ask("journal", "verify", "--database", str(tmp_path / "text.sqlite"), exits=2)


def test_an_export_can_be_checked_by_itself(stored: str, tmp_path: Path) -> None:
    lines, table = tmp_path / "facts.jsonl", tmp_path / "facts.parquet"
    for file in (lines, table):
        assert _ask("journal", "export", str(file), "--database", stored)["facts"] == 6
    records = [msgspec.json.decode(line, type=Record) for line in lines.read_bytes().splitlines()]
    assert verify(records).facts == 6
    stored_table = pq.read_table(table)
    assert stored_table.schema.equals(RECORDS)
    assert [Record(**row) for row in stored_table.to_pylist()] == records
    refused = _ask("journal", "export", str(tmp_path / "facts.csv"), "--database", stored, exits=2)
    assert "ends in .jsonl or .parquet" in refused["message"]


def test_tail_follows_what_another_process_writes(stored: str) -> None:
    command = [sys.executable, "-m", "cli.main", "journal", "tail", "-f", "-n", "2", "--json"]
    with (
        subprocess.Popen(
            [*command, "--database", stored], stdout=subprocess.PIPE, text=True
        ) as reader,
        Journals(stored).open("2018-01-02-run") as journal,
    ):
        assert reader.stdout is not None
        assert [json.loads(reader.stdout.readline())["seq"] for _ in range(2)] == [5, 6]
        for seq in (7, 8):
            journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS)
            assert json.loads(reader.stdout.readline())["seq"] == seq
        reader.kill()


def test_database_is_made_told_and_migrated(database_url: str) -> None:
    at = ("--database", database_url)
    assert _ask("database", "info", *at)["revision"] is None
    assert _ask("database", "migrate", *at)["after"] == newest_revision()
    told = _ask("database", "info", *at)
    assert (told["runs"], told["facts"]) == (0, 0)
    assert _ask("journal", "list", *at)["runs"] == []
    assert _ask("database", "migrate", *at, "--to", "0001")["after"] == "0001"
    assert _ask("database", "migrate", *at, "--to", "9", exits=2)["error"] == "ConfigError"


def test_a_database_that_is_not_there_is_not_made_by_asking(tmp_path: Path) -> None:
    missing = tmp_path / "none.sqlite"
    refused = _ask("journal", "list", "--database", str(missing), exits=4)
    assert "tradectl database migrate" in refused["message"]
    assert not missing.exists()


def test_the_latest_run_is_neither_the_desk_nor_a_command_log(
    stored: str, database_url: str
) -> None:
    journals = Journals(database_url)
    CommandLog(journals, "2018-01-02-run").create()
    _ask("params", "set", "min_ac_z=5", "--because", "x", "--yes", "--database", stored)
    assert journals.runs()[0].run_id == "parameters"
    for asked in (("journal", "show"), ("journal", "show", "2018"), ("accounting", "trades")):
        assert _ask(*asked, "--database", stored)["run_id"] == "2018-01-02-run"
    listed = _ask("journal", "list", "--database", stored)["runs"]
    held = {run["run_id"]: run["holds"] for run in listed}
    assert held == {
        "parameters": "parameters",
        "2018-01-02-run": "run",
        "2018-01-02-run/commands": "commands",
    }
    page = CliRunner().invoke(app, ["journal", "list", "--database", stored]).stdout
    assert page.count("Running") == 1
    assert ("parameter versions" in page, "commands given to it" in page) == (True, True)
    desk = _ask("journal", "show", "parameters", "--database", stored)
    assert [fact["payload"]["version"] for fact in desk["facts"]] == [1, 2]


def test_a_run_of_the_default_database_is_found_by_whoever_reads_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRADECTL_DATABASE", raising=False)
    (tmp_path / "data").mkdir()
    with Journals(DEFAULT_DATABASE).start("paper-2018-01-02") as journal:
        record(journal, whole_run([BRACKET, ENTRY]))
    CommandLog(Journals(DEFAULT_DATABASE), "paper-2018-01-02").create()
    assert _ask("journal", "verify")["run_id"] == "paper-2018-01-02"
    assert len(_ask("journal", "show", "paper")["facts"]) == 6
    tail = CliRunner().invoke(app, ["journal", "tail", "--json"])
    assert [json.loads(line)["seq"] for line in tail.stdout.splitlines()] == [1, 2, 3, 4, 5, 6]
    assert [run["run_id"] for run in _ask("journal", "list")["runs"]][-1] == "paper-2018-01-02"
    (row,) = _ask("runs", "list")["runs"]
    assert (row["run_id"], row["status"], row["trades"]) == ("paper-2018-01-02", "Running", 0)
    shown = _ask("runs", "show", "paper")
    assert (shown["start"], shown["trades"][0]["symbol"]) == ("2018-01-02", "AAA")
    for page in (["runs", "list"], ["runs", "show"]):
        drawn = CliRunner().invoke(app, page, env={"COLUMNS": "200"})
        assert drawn.exit_code == 0, drawn.output
        assert "paper-2018-01-02" in drawn.stdout
    alone = _ask("runs", "compare", "paper", "latest", exits=2)
    assert "are the same run, paper-2018-01-02" in alone["message"]
    missing = _ask("journal", "verify", "live", exits=4)
    assert f"in runs or {DEFAULT_DATABASE}" in missing["message"]
