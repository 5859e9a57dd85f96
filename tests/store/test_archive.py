"""An archived run is read, followed up, checked and backed up as before it left the database."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select, text
from typer.testing import CliRunner

from cli.main import app
from engine.domain.errors import ConfigError, JournalError
from engine.domain.facts import OrderRole
from store import (
    RECORDS,
    Database,
    Journals,
    Projector,
    RunStatus,
    archive_run,
    back_up,
    restore,
    unarchive_run,
)
from store.database.schema import FACTS
from tests.accounting.streams import OPEN_NS, fill, plan, record, whole_run

BRACKET = plan("T1", "AAA", 1, 10, Decimal(20))
ENTRY = fill(BRACKET, OrderRole.ENTRY, 10, Decimal("20.5"), Decimal("0.01"))
LEAVE = fill(BRACKET, OrderRole.EXIT, 10, Decimal(21), Decimal("0.01"), 2)


@pytest.fixture
def journals(database_url: str) -> Journals:
    """Return journals of two runs that ended, of each kind of database in turn."""
    journals = Journals(database_url)
    for run_id in ("one", "two"):
        journal = journals.start(run_id)
        record(journal, whole_run([BRACKET, ENTRY]))
        journal.append(LEAVE, ts_event=OPEN_NS, ts_init=OPEN_NS, fact_id="fill:v2")
        journal.end(RunStatus.ENDED)
    return journals


def _archive(journals: Journals, run_id: str, folder: Path) -> Path:
    (run,) = (run for run in journals.runs() if run.run_id == run_id)
    return archive_run(journals.database, run, folder)


def _rows(journals: Journals, run_id: str) -> int:
    own = select(func.count()).select_from(FACTS).where(FACTS.c.run_id == run_id)
    with journals.database.connect() as connection:
        return connection.execute(own).scalar_one()


def test_an_archived_run_reads_as_before(journals: Journals, tmp_path: Path) -> None:
    journal = journals.open("one")
    records, checked, last = list(journal.stored.records()), journal.stored.verify(), journal.last
    path = _archive(journals, "one", tmp_path / "archive")
    assert (_rows(journals, "one"), _rows(journals, "two")) == (0, 7)
    assert path == tmp_path / "archive" / "run=one" / "part-0.parquet"
    assert pq.read_schema(path) == RECORDS
    again = journals.open("one")
    assert list(again.stored.records()) == records
    assert list(again.stored.records(since=4)) == records[4:]
    assert [fact.seq for fact in again.stored.follow(since=5, idle_secs=0)] == [6, 7]
    assert again.stored.verify() == checked
    assert again.last == last
    assert {run.run_id: run.archive for run in journals.runs()} == {"one": str(path), "two": None}
    with pytest.raises(JournalError, match="run one is archived: its facts can only be read"):
        again.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
    with pytest.raises(ConfigError, match="run one is archived already"):
        _archive(journals, "one", tmp_path / "archive")


def test_a_backup_holds_archived_facts_and_restores_them_as_rows(
    journals: Journals, tmp_path: Path
) -> None:
    records = list(journals.open("one").stored.records())
    _archive(journals, "one", tmp_path / "archive")
    back_up(journals.database, tmp_path / "facts.backup")
    restored = Journals(Database(tmp_path / "restored.sqlite"))
    restore(tmp_path / "facts.backup", restored.database)
    assert list(restored.open("one").stored.records()) == records
    assert _rows(restored, "one") == 7


def test_what_may_not_be_archived_stays(journals: Journals, tmp_path: Path) -> None:
    with journals.database.connect() as connection, connection.begin():
        connection.execute(text("delete from facts where run_id = 'one' and seq = 3"))
    with pytest.raises(JournalError, match="run one is not archived: fact 3 is missing"):
        _archive(journals, "one", tmp_path)
    with journals.open("two") as writer:
        writer.claim()
        with pytest.raises(ConfigError, match="run two is running; end it"):
            _archive(journals, "two", tmp_path)
    assert (_rows(journals, "one"), _rows(journals, "two")) == (6, 7)
    assert list(tmp_path.rglob("*.parquet")) == []


def test_a_run_that_changes_while_it_is_archived_keeps_its_rows(
    journals: Journals, tmp_path: Path
) -> None:
    (run,) = (run for run in journals.runs() if run.run_id == "one")
    with journals.open("one") as writer:
        writer.claim()
        with pytest.raises(JournalError, match="was changed meanwhile; nothing was archived"):
            archive_run(journals.database, run, tmp_path)
    assert _rows(journals, "one") == 7


def test_a_damaged_archive_is_told(journals: Journals, tmp_path: Path) -> None:
    path = _archive(journals, "one", tmp_path)
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 5), path)
    broken = journals.open("one").stored.verify().broken
    assert broken is not None
    assert broken.seq == 6
    path.unlink()
    with pytest.raises(JournalError, match=r"part-0\.parquet cannot be read: .*; restore the file"):
        journals.open("one").stored.verify()
    with pytest.raises(JournalError, match="the facts of 1 runs are archived"):
        journals.database.migrate("0002")


def test_the_command_archives_by_name_and_by_age(journals: Journals, tmp_path: Path) -> None:
    url = journals.database.url.render_as_string(hide_password=False)

    def ask(*arguments: str, exits: int = 0) -> Any:
        at = ("--database", url, "--json")
        result = CliRunner().invoke(app, ["journal", *arguments, *at])
        assert result.exit_code == exits, result.output
        return json.loads(result.stdout)

    shown = {name: ask("show", name) for name in ("one", "two")}
    to = ("--folder", str(tmp_path / "archive"))
    (archived,) = ask("archive", "one", *to)["archived"]
    assert (archived["run_id"], archived["facts"]) == ("one", 7)
    assert ask("archive", "--older-than", "30", *to)["archived"] == []
    (archived,) = ask("archive", "--older-than", "0", *to)["archived"]
    assert archived["run_id"] == "two"
    assert {name: ask("show", name) for name in ("one", "two")} == shown
    assert ask("verify", "one")["status"] == "whole"
    assert ask("replay", "one")["facts"] == 7
    assert ask("archive", exits=2)["error"] == "ConfigError"
    assert ask("unarchive", "two")["file"] == archived["file"]
    assert _rows(journals, "two") == 7
    assert ask("show", "two") == shown["two"]
    assert ask("unarchive", "two", exits=2)["error"] == "ConfigError"


def test_an_archived_run_comes_back_as_it_was(journals: Journals, tmp_path: Path) -> None:
    before, records = journals.runs(), list(journals.open("one").stored.records())
    checked, projector = journals.open("one").stored.verify(), Projector(journals.open("one"))
    projector.catch_up()
    digests = projector.digests()
    path = _archive(journals, "one", tmp_path)
    (run,) = (run for run in journals.runs() if run.run_id == "one")
    assert unarchive_run(journals.database, run) == path
    path.unlink()
    assert journals.runs() == before
    assert (_rows(journals, "one"), _rows(journals, "two")) == (7, 7)
    assert list(journals.open("one").stored.records()) == records
    assert journals.open("one").stored.verify() == checked
    rebuilt = projector.rebuild()
    assert (rebuilt.differing, projector.digests()) == ((), digests)
    with pytest.raises(JournalError, match="was changed meanwhile; nothing was brought back"):
        unarchive_run(journals.database, run)
    with pytest.raises(ConfigError, match="run one is not archived"):
        unarchive_run(journals.database, journals.run("one"))


def test_a_damaged_archive_does_not_come_back(journals: Journals, tmp_path: Path) -> None:
    path = _archive(journals, "one", tmp_path)
    pq.write_table(pq.read_table(path).slice(0, 5), path)
    with pytest.raises(JournalError, match="run one is not brought back: fact 6 is cut off"):
        unarchive_run(journals.database, journals.run("one"))
    path.unlink()
    with pytest.raises(JournalError, match=r"part-0\.parquet cannot be read"):
        unarchive_run(journals.database, journals.run("one"))
    assert _rows(journals, "one") == 0
    assert journals.run("one").archive == str(path)


def test_an_archive_beside_a_file_moves_with_it(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    journals = Journals(here / "tradectl.sqlite")
    with journals.start("run") as journal:
        record(journal, whole_run([BRACKET, ENTRY]))
        journal.end(RunStatus.ENDED)
    (run,) = journals.runs()
    assert archive_run(journals.database, run).is_relative_to(here / "archive")
    here.rename(there)
    assert Journals(there / "tradectl.sqlite").open("run").stored.verify().facts == 6
