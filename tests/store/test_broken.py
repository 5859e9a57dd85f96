"""Nobody goes on with facts that are not those that were written: every writer looks first."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.commands.inbox import CommandInbox
from engine.domain.commands import Pause
from engine.domain.errors import CommandsBroken, JournalBroken
from engine.domain.facts import Channel, CommandReceived, DayStarted, SymbolLocked
from engine.journal import Standing
from store import CommandLog, Database, Journals, Projector, RunStatus, SqlJournal, back_up, restore
from tests.store.tampering import KINDS, tampered

FACTS = 9


def written(url: str, run_id: str = "run") -> Journals:
    journals = Journals(url)
    with journals.start(run_id) as journal:
        journal.append(DayStarted("2026-09-18", "", Decimal(100_000)), ts_event=1, ts_init=1)
        for number in range(2, FACTS + 1):
            locked = SymbolLocked(f"S{number}", "test")
            journal.append(locked, ts_event=number, ts_init=number)
    return journals


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_run_whose_facts_were_altered_is_sealed_and_never_written_again(
    database_url: str, kind: str
) -> None:
    journals = written(database_url)
    journals.resume("run").close()
    tampered(database_url, "run", kind)
    before = journals.run("run").head
    with pytest.raises(JournalBroken, match="the journal of run is broken, fact ") as found:
        journals.resume("run")
    assert found.value.exit_code == 6
    (run,) = journals.runs()
    assert (run.status, run.writer, run.head) == (RunStatus.QUARANTINED, None, before)
    assert run.note.startswith("journal broken, fact ")
    for again in (journals.resume, lambda run_id: journals.open(run_id).claim()):
        with pytest.raises(JournalBroken) as repeated:
            again("run")
        assert repeated.value.detail == found.value.detail
    with pytest.raises(JournalBroken):
        journals.open("run").append(SymbolLocked("X", "test"), ts_event=99, ts_init=99)
    assert journals.run("run").head == before
    integrity = journals.open("run").stored.integrity()
    assert integrity.standing is Standing.BROKEN
    assert found.value.detail in integrity.detail


def test_a_run_that_was_found_broken_stays_sealed_when_its_facts_come_back(
    database_url: str,
) -> None:
    journals = written(database_url)
    tampered(database_url, "run", "the last row deleted")
    with pytest.raises(JournalBroken):
        journals.resume("run")
    left = FACTS - 1
    with Database(database_url).connect() as connection, connection.begin():
        connection.exec_driver_sql(
            f"update runs set head_seq = {left}, "
            f"head_hash = (select hash from facts where seq = {left})"
        )
    assert journals.open("run").stored.verify().clean
    with pytest.raises(JournalBroken, match="is cut off"):
        journals.resume("run")


def altered(url: str, statement: str) -> None:
    """Run a statement as somebody does whom no constraint stops."""
    database = Database(url)
    unchecked = "pragma foreign_keys = off"
    if not database.is_file:
        unchecked = "set session_replication_role = replica"
    with database.connect() as connection:
        raw: Any = connection.connection.driver_connection
        for each in (unchecked, statement):
            raw.execute(each)
        raw.commit()


def test_facts_whose_run_has_no_row_any_more_are_no_new_run(database_url: str) -> None:
    journals = written(database_url)
    altered(database_url, "delete from runs where run_id = 'run'")
    with pytest.raises(JournalBroken):
        journals.start("run")
    assert journals.run("run").status is RunStatus.QUARANTINED


def test_one_row_that_says_the_impossible_quarantines_its_run_alone(database_url: str) -> None:
    journals = written(database_url)
    written(database_url, "other")
    altered(database_url, "update runs set status = 'Foo', writer = 'garbage' where run_id = 'run'")
    assert journals.run("run").is_quarantined
    with pytest.raises(JournalBroken, match="'Foo'"):
        journals.resume("run")
    assert journals.run("other").may_go_on
    journals.resume("other").close()


def test_facts_that_were_altered_during_a_loss_are_not_gone_on_with(database_url: str) -> None:
    journals = written(database_url)
    journal = journals.resume("run")
    journal._drop_writer()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    tampered(database_url, "run", "a payload changed")
    with pytest.raises(JournalBroken):
        journal.append(SymbolLocked("X", "test"), ts_event=99, ts_init=99)
    with pytest.raises(JournalBroken):
        journal.close()
    assert journals.run("run").is_quarantined


def _give(journals: Journals, name: str) -> None:
    log = CommandLog(journals, "run")
    log.create()
    channel = Channel.COMMAND_LOG
    log.give(CommandReceived(name, "test", "ann", Pause(), channel=channel, stepped_up=False))


def _until_due(inbox: CommandInbox) -> None:
    while not inbox.is_due(0):
        time.sleep(0.02)


_ALTERED = {
    "a row": "update facts set payload = replace(payload, 'pause', 'resume') "
    "where run_id = 'run/commands' and seq = 2",
    "the head": "update runs set head_hash = 'f00' where run_id = 'run/commands'",
    "the number of facts": "update runs set head_seq = 2 where run_id = 'run/commands'",
    "the last row": "delete from facts where run_id = 'run/commands' and seq = 3",
    "the status": "update runs set status = 'Foo' where run_id = 'run/commands'",
}


@pytest.mark.parametrize("what", list(_ALTERED))
def test_a_command_log_that_was_altered_takes_and_gives_nothing(
    database_url: str, what: str
) -> None:
    journals = written(database_url)
    for number in range(3):
        _give(journals, f"c{number}")
    inbox = CommandInbox(CommandLog(journals, "run"), ())
    assert len(inbox.commands(0)) == 3
    with Database(database_url).connect() as connection, connection.begin():
        assert connection.exec_driver_sql(_ALTERED[what]).rowcount == 1
    _until_due(inbox)
    for reader in (inbox, CommandInbox(CommandLog(journals, "run"), ())):
        with pytest.raises(CommandsBroken, match="the commands of run are broken"):
            reader.commands(0)
    with pytest.raises(CommandsBroken, match="flatten by hand at the broker"):
        _give(journals, "c9")
    with Database(database_url).connect() as connection, connection.begin():
        connection.exec_driver_sql("update facts set payload = replace(payload, 'resume', 'pause')")
    with pytest.raises(CommandsBroken):  # facts that fit again do not make it whole
        CommandLog(journals, "run").since(0)


def test_a_command_log_that_was_written_anew_is_seen_by_who_follows_it(database_url: str) -> None:
    journals = written(database_url)
    for number in range(2):
        _give(journals, f"c{number}")
    inbox = CommandInbox(CommandLog(journals, "run"), ())
    assert len(inbox.commands(0)) == 2
    with Database(database_url).connect() as connection, connection.begin():
        connection.exec_driver_sql("delete from facts where run_id = 'run/commands'")
        connection.exec_driver_sql("delete from runs where run_id = 'run/commands'")
    for number in range(3):
        _give(journals, f"other{number}")
    _until_due(inbox)
    with pytest.raises(CommandsBroken, match="fact 2 is not the one that was read before"):
        inbox.commands(0)
    with Database(database_url).connect() as connection, connection.begin():
        connection.exec_driver_sql("delete from facts where run_id = 'run/commands'")
        connection.exec_driver_sql("delete from runs where run_id = 'run/commands'")
    with pytest.raises(CommandsBroken, match="their log is gone"):
        CommandLog(journals, "run").since(0)


def test_a_reader_says_how_far_it_looked(database_url: str) -> None:
    journal = written(database_url).open("run")
    whole, glance = journal.stored.integrity(), journal.stored.integrity(most=4)
    assert (whole.standing, whole.seq, whole.since) == (Standing.VERIFIED, FACTS, 0)
    assert (glance.standing, glance.seq, glance.since) == (Standing.UNVERIFIED, FACTS, FACTS - 4)
    assert (glance.hash, "1 to 5" in glance.detail) == (whole.hash, True)
    tampered(database_url, "run", "a payload changed")
    assert journal.stored.integrity(most=4).standing is Standing.UNVERIFIED
    assert journal.stored.integrity().standing is Standing.BROKEN
    tampered(database_url, "run", "a row inserted")
    assert journal.stored.integrity(most=4).standing is Standing.BROKEN


def test_a_journal_can_be_verified_while_it_is_written(database_url: str) -> None:
    journals = Journals(database_url)
    writer = journals.start("run")
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(_write, writer)
        looks = 0
        while not writing.done() or not looks:
            assert SqlJournal(Database(database_url), "run").stored.verify().clean
            looks += 1
        writing.result()
    writer.close()


def _write(journal: SqlJournal) -> None:
    for number in range(1, 61):
        journal.append(SymbolLocked(f"S{number}", "test"), ts_event=number, ts_init=number)


def test_tables_are_made_of_whole_facts_alone(database_url: str) -> None:
    journals = written(database_url)
    projector = Projector(journals.open("run"))
    assert projector.catch_up() == FACTS
    tampered(database_url, "run", "a payload changed")
    with pytest.raises(JournalBroken, match="fact 1 is altered"):
        projector.rebuild()
    assert projector.seq() == FACTS
    anew = Projector(written(database_url, "other").open("other"))
    tampered(database_url, "other", "a row of the middle deleted")
    assert anew.catch_up() == FACTS // 2 - 1


def test_a_backup_of_a_broken_run_is_restored_as_quarantined(
    database_url: str, tmp_path: Path
) -> None:
    journals = written(database_url)
    written(database_url, "other")
    tampered(database_url, "run", "a payload changed")
    back_up(journals.database, tmp_path / "backup")
    target = Database(tmp_path / "restored.sqlite")
    restore(tmp_path / "backup", target)
    restored = {run.run_id: run for run in Journals(target).runs()}
    assert restored["run"].status is RunStatus.QUARANTINED
    assert restored["run"].note.startswith("journal broken, fact 1 is altered")
    assert restored["other"].status is RunStatus.RUNNING
    with pytest.raises(JournalBroken):
        Journals(target).resume("run")
