"""Many give commands to one run at once: each is kept, none twice, and no log looks crashed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.domain.commands import FlattenAll, Pause
from engine.domain.errors import ConfigError, JournalError, NotFoundError
from engine.domain.facts import Channel, CommandReceived
from store import CommandLog, Journals, RunStatus, is_command_log


def wish(command_id: str) -> CommandReceived:
    return CommandReceived(
        command_id, "test", "ann", FlattenAll(), channel=Channel.COMMAND_LOG, stepped_up=False
    )


def test_commands_given_at_once_are_all_kept_and_none_twice(database_url: str) -> None:
    journals = Journals(database_url)
    journals.start("run").close()
    log = CommandLog(journals, "run")
    log.create()
    log.create()

    def give(number: int) -> int:
        own = CommandLog(Journals(database_url), "run")
        return own.give(wish(f"c{number % 10}"), patience_secs=60).seq

    with ThreadPoolExecutor(8) as givers:
        seqs = list(givers.map(give, range(20)))
    kept = list(log.since(0))
    assert sorted(fact.fact_id or "" for fact in kept) == [f"c{n}" for n in range(10)]
    assert {fact.seq for fact in kept} == set(seqs)
    assert [fact.seq for fact in log.since(7)] == [8, 9, 10]
    again = CommandReceived(
        "c0", "test", "bob", Pause(), channel=Channel.COMMAND_LOG, stepped_up=False
    )
    assert log.give(again).payload == wish("c0")
    assert journals.seal_crashed() == []
    assert [run.run_id for run in journals.runs() if is_command_log(run.run_id)] == [log.run_id]


def test_a_run_without_a_log_takes_no_commands(database_url: str) -> None:
    journals = Journals(database_url)
    journals.start("run").close()
    with pytest.raises(NotFoundError, match="run/commands"):
        CommandLog(journals, "run").give(wish("c1"))


def test_a_run_is_taken_up_again_unless_it_has_ended_or_is_written(database_url: str) -> None:
    journals = Journals(database_url)
    journal = journals.start("run")
    journal.append(wish("c1"), ts_event=1, ts_init=1)
    with pytest.raises(JournalError, match="is being written by"):
        Journals(database_url).resume("run")
    journal.end(RunStatus.INTERRUPTED, "interrupted")
    again = journals.resume("run")
    (run,) = journals.runs()
    assert (run.status, run.ended_ns, run.may_go_on) == (RunStatus.RUNNING, None, True)
    assert again.append(wish("c2"), ts_event=2, ts_init=2).seq == 2
    again.end(RunStatus.ENDED)
    with pytest.raises(ConfigError, match="run is Ended: start another"):
        journals.resume("run")
