"""A day at a venue goes on without its database, and all that happened is kept afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum, auto
from itertools import count
from pathlib import Path
from typing import ClassVar, NamedTuple
from unittest.mock import patch

import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlalchemy.exc import OperationalError

from engine.domain.errors import JournalError, NotPersisted
from engine.domain.facts import BracketPlanned, ExitReason, ExitRequested, Fact
from engine.journal import Record, WaitingJournal
from store import Journals, SqlJournal
from store.database.schema import FACTS, RUNS
from store.journal.writer import Writer
from tests.accounting.streams import OPEN_NS
from tests.servers import Postgres
from tests.store.conftest import ScarceDisk
from tests.store.test_losses import BRACKET, ENTRY

_EXIT = ExitRequested("T1", "acceleration", "AAA", "ALPACA", "main", ExitReason.TIME_STOP)
_PATIENT = 1_000
_runs = count()


def _append(journal: WaitingJournal | SqlJournal, payload: object, cause: int | None) -> Fact:
    return journal.append(payload, ts_event=OPEN_NS, ts_init=OPEN_NS, causation_id=cause)  # pyright: ignore[reportArgumentType]


def _halted(journal: WaitingJournal, last: Fact) -> Fact:
    """Append until the database refuses, each fact caused by the one before."""
    for _ in range(100_000):
        if journal.halted:
            return last
        last = _append(journal, ENTRY, last.seq)
    raise AssertionError("the database never refused")


def test_facts_wait_for_room_on_the_disk_in_order_and_with_their_causes(
    scarce_disk: ScarceDisk,
) -> None:
    journals = Journals(scarce_disk.folder / "journal.sqlite")
    with journals.start("run") as stored:
        journal = WaitingJournal(stored)
        first = _append(journal, BRACKET, None)
        scarce_disk.exhaust(room=64 * 1024)
        last = _halted(journal, first)
        with pytest.raises(NotPersisted, match="nothing may be planned"):
            _append(journal, BRACKET, None)
        for _ in range(5):
            last = _append(journal, _EXIT, last.seq)
        with pytest.raises(JournalError, match="6 facts of the run are not kept"):
            journal.commit()
        scarce_disk.relieve()
        assert journal.resume() == ({}, [])
        assert _append(journal, BRACKET, last.seq).seq == last.seq + 1
    facts = list(journals.open("run").facts())
    assert [fact.payload for fact in facts[-7:]] == [ENTRY, *[_EXIT] * 5, BRACKET]
    assert [fact.causation_id for fact in facts[-6:]] == [fact.seq - 1 for fact in facts[-6:]]
    assert journals.open("run").stored.verify().clean


def test_a_plan_that_was_refused_is_not_kept_and_what_comes_next_is(postgres: Postgres) -> None:
    journals = Journals(postgres.new_database())
    with journals.start("run") as stored:
        journal = WaitingJournal(stored)
        first = _append(journal, BRACKET, None)
        postgres.cut_connections()
        with pytest.raises(NotPersisted):
            _append(journal, BRACKET, None)
        exit_ = _append(journal, _EXIT, first.seq)
        _append(journal, ENTRY, exit_.seq)
        assert any(journal.try_again() for _ in range(_PATIENT))
        assert journal.resume() == ({}, [])
        assert not journal.halted
        facts = list(stored.facts())
    assert [fact.payload for fact in facts] == [BRACKET, _EXIT, ENTRY]
    assert [fact.causation_id for fact in facts] == [None, 1, 2]


def test_a_server_that_hangs_with_its_sockets_open_keeps_nobody_waiting(
    postgres: Postgres,
) -> None:
    journals = Journals(postgres.new_database())
    with journals.start("run") as stored:
        journal = WaitingJournal(stored)
        first = _append(journal, BRACKET, None)
        postgres.hang()
        try:
            with pytest.raises(NotPersisted, match="has not answered for"):
                _append(journal, BRACKET, first.seq)
            exit_ = _append(journal, _EXIT, first.seq)
            assert journal.halted
        finally:
            postgres.go_on()
        _append(journal, ENTRY, exit_.seq)
        assert any(journal.try_again() for _ in range(_PATIENT))
        assert journal.resume() == ({}, [])
        assert _append(journal, BRACKET, exit_.seq + 1).seq == exit_.seq + 2
    facts = list(journals.open("run").facts())
    assert [fact.payload for fact in facts] == [BRACKET, _EXIT, ENTRY, BRACKET]
    assert journals.open("run").stored.verify().clean


@contextmanager
def _kept_without_an_answer(server: Postgres) -> Iterator[None]:
    """Let commits within be kept, and cut whoever waits for the answer."""
    server.execute("alter system set synchronous_standby_names = 'nobody'")
    server.execute("select pg_reload_conf()")
    is_over = threading.Event()
    cutter = threading.Thread(target=_cut_who_waits, args=(server, is_over))
    cutter.start()
    try:
        yield
    finally:
        is_over.set()
        cutter.join()
        server.execute("alter system reset synchronous_standby_names")
        server.execute("select pg_reload_conf()")


def _cut_who_waits(server: Postgres, is_over: threading.Event) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        while not is_over.is_set():
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where wait_event = 'SyncRep'"
            )
            time.sleep(0.01)


def test_a_plan_of_which_no_answer_came_is_told_and_numbers_follow(postgres: Postgres) -> None:
    journals = Journals(postgres.new_database())
    with journals.start("run") as stored:
        journal = WaitingJournal(stored)
        first = _append(journal, BRACKET, None)
        with _kept_without_an_answer(postgres), pytest.raises(NotPersisted):
            _append(journal, BRACKET, None)
        exit_ = _append(journal, _EXIT, first.seq)
        _append(journal, ENTRY, exit_.seq)
        back = journal.resume()
        assert back is not None
        moved, late = back
        facts = list(stored.facts())
    assert [fact.payload for fact in late] == [BRACKET]
    assert moved == {2: 3, 3: 4}
    assert [fact.payload for fact in facts] == [BRACKET, BRACKET, _EXIT, ENTRY]
    assert [fact.causation_id for fact in facts] == [None, None, 1, 3]
    assert journals.open("run").stored.verify().clean


def test_what_comes_after_a_plan_refused_in_a_group_names_no_dropped_cause(
    postgres: Postgres,
) -> None:
    journals = Journals(postgres.new_database())
    with journals.start("run") as journal:
        first = _append(journal, ENTRY, None)
        group = journal.group()
        group.__enter__()
        plan_ = _append(journal, BRACKET, first.seq)
        exit_ = _append(journal, _EXIT, plan_.seq)
        _append(journal, ENTRY, exit_.seq)
        postgres.cut_connections()
        with pytest.raises(JournalError):
            group.__exit__(None, None, None)
        journal.commit()
        facts = list(journal.facts())
    assert [fact.payload for fact in facts] == [ENTRY, _EXIT, ENTRY]
    assert [fact.causation_id for fact in facts] == [None, None, 2]
    assert journals.open("run").stored.verify().clean


def test_a_group_that_was_kept_without_an_answer_stays_as_it_was_sent(postgres: Postgres) -> None:
    journals = Journals(postgres.new_database())
    with journals.start("run") as journal:
        group = journal.group()
        group.__enter__()
        plan_ = _append(journal, BRACKET, None)
        journal.append(
            _EXIT, ts_event=OPEN_NS, ts_init=OPEN_NS, causation_id=plan_.seq, fact_id="exit"
        )
        with _kept_without_an_answer(postgres), pytest.raises(JournalError):
            group.__exit__(None, None, None)
        _append(journal, ENTRY, None)
        again = journal.append(_EXIT, ts_event=OPEN_NS, ts_init=OPEN_NS, fact_id="exit")
        facts = list(journal.facts())
    assert [fact.payload for fact in facts] == [BRACKET, _EXIT, ENTRY]
    assert (again, again.causation_id) == (facts[1], 1)
    assert journals.open("run").stored.verify().clean


class _Fate(StrEnum):
    """What becomes of a commit."""

    KEPT = auto()
    REFUSED = auto()
    UNANSWERED = auto()


class _FatedWriter(Writer):
    """A writer whose commits are refused, or kept without an answer, as is said beforehand."""

    fates: ClassVar[list[_Fate]] = []

    def commit(self, records: list[Record]) -> None:
        """Commit, unless it is fated otherwise."""
        fate = self.fates.pop(0) if self.fates else _Fate.KEPT
        if fate is not _Fate.REFUSED:
            super().commit(records)
        if fate is not _Fate.KEPT:
            raise OperationalError("commit", {}, ConnectionError(fate))


def test_a_database_that_came_back_older_than_it_was_left_is_not_written(tmp_path: Path) -> None:
    journals = Journals(tmp_path / "journal.sqlite")
    with patch("store.journal.sql_journal.Writer", _FatedWriter):
        journal = journals.start("run")
        first = _append(journal, BRACKET, None)
        _append(journal, ENTRY, None)
        _FatedWriter.fates = [_Fate.REFUSED]
        with pytest.raises(JournalError):
            _append(journal, _EXIT, None)
        with journals.database.connect() as connection, connection.begin():
            connection.execute(delete(FACTS).where(FACTS.c.seq > first.seq))
            older = {"head_seq": first.seq, "head_hash": first.hash}
            connection.execute(update(RUNS).values(older))
        for _ in range(2):
            with pytest.raises(JournalError, match="expected the run to end with fact 2"):
                journal.commit()
    assert list(journals.open("run").facts()) == [first]


class _Steps(NamedTuple):
    """Reports, each a plan or not, after which it is tried again or not, and fates of commits."""

    plans: list[bool]
    tries: list[bool]
    causes: list[int]
    fates: list[_Fate]


_steps = st.integers(1, 12).flatmap(
    lambda count: st.builds(
        _Steps,
        st.lists(st.booleans(), min_size=count, max_size=count),
        st.lists(st.booleans(), min_size=count, max_size=count),
        st.lists(st.integers(0, 11), min_size=count, max_size=count),
        st.lists(st.sampled_from(_Fate), max_size=10),
    )
)


@pytest.fixture(scope="module")
def fated(tmp_path_factory: pytest.TempPathFactory) -> Journals:
    """Return the journals of one file for all examples."""
    return Journals(tmp_path_factory.mktemp("fated") / "journal.sqlite")


@settings(max_examples=40, deadline=None)
@given(_steps)
def test_whatever_becomes_of_commits_facts_are_kept_once_in_order_and_with_their_causes(
    fated: Journals, steps: _Steps
) -> None:
    told: dict[str, int] = {}
    causes: dict[str, str] = {}
    late: list[str] = []

    def resume(journal: WaitingJournal) -> None:
        back = journal.resume()
        if back is not None:
            told.update({name: back[0].get(seq, seq) for name, seq in told.items()})
            late.extend(_name(fact) for fact in back[1])

    with (
        patch("store.journal.sql_journal.Writer", _FatedWriter),
        fated.start(f"run-{next(_runs)}") as stored,
    ):
        _FatedWriter.fates = list(steps.fates)
        journal = WaitingJournal(stored)
        for number, is_plan in enumerate(steps.plans):
            name, known = f"T{number}", [*told]
            cause = known[steps.causes[number] % len(known)] if known else None
            payload = msgspec.structs.replace(BRACKET if is_plan else _EXIT, trade_id=name)
            with suppress(NotPersisted):
                fact = _append(journal, payload, None if cause is None else told[cause])
                told[name] = fact.seq
                causes |= {} if cause is None else {name: cause}
            if journal.halted and steps.tries[number]:
                resume(journal)
        while journal.halted:
            resume(journal)
        facts = list(stored.facts())
        assert stored.stored.verify().clean
    kept = {_name(fact): fact for fact in facts}
    assert len(kept) == len(facts)
    assert {name: kept[name].seq for name in told} == told
    assert [name for name in kept if name not in late] == [*told]
    assert set(kept) - set(told) == set(late)
    by_seq = {fact.seq: name for name, fact in kept.items()}
    found = {name: by_seq[kept[name].causation_id or 0] for name in causes}
    assert found == causes


def _name(fact: Fact) -> str:
    assert isinstance(fact.payload, (BracketPlanned, ExitRequested))
    return fact.payload.trade_id
