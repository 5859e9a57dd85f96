"""When two things fail at once, the one that failed first is raised and names the other."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.runs.hosted_run import hosted_run
from engine.domain.errors import RunError, VenueRejected
from engine.domain.first_cause import FirstCause
from store import Journals
from tests.accounting.streams import run_started


def test_the_first_failure_is_raised_and_every_later_step_was_taken() -> None:
    taken: list[str] = []
    cause = FirstCause()
    for step in ("one", "two", "three"):
        with cause.kept(step):
            taken.append(step)
            raise RunError(f"{step} broke")
    cause.precede(VenueRejected("check the keys"), "a handler")
    with pytest.raises(VenueRejected, match="check the keys") as told:
        cause.raise_it()
    assert taken == ["one", "two", "three"]
    assert told.value.__notes__ == [
        "one failed, too: one broke",
        "two failed, too: two broke",
        "three failed, too: three broke",
    ]


def test_a_run_that_fails_when_its_database_does_says_what_failed_first(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="the venue is on fire") as told:
        _run_that_fails(tmp_path / "journal.sqlite")
    (note,) = told.value.__notes__
    assert note.startswith("the end of its journal failed, too: cannot end facts of run run")


def test_a_group_and_a_journal_that_cannot_be_closed_hide_nothing(tmp_path: Path) -> None:
    with pytest.raises(VenueRejected, match="check the keys") as told:
        _group_that_fails(tmp_path / "journal.sqlite")
    assert any("cannot keep facts of run run" in note for note in told.value.__notes__)


def _run_that_fails(database: Path) -> None:
    with hosted_run(Journals(database), "run", lambda *_: None, resumable=()):
        _break(database)
        raise RunError("the venue is on fire")


def _group_that_fails(database: Path) -> None:
    with Journals(database).start("run") as journal, journal.group():
        journal.append(run_started(), ts_event=1, ts_init=1)
        _break(database)
        raise VenueRejected("check the keys")


def _break(database: Path) -> None:
    """Take a table away, as somebody who restores a backup in the middle of a run does."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("alter table runs rename to gone")
