"""A day at a venue goes on without its database, and all that happened is kept afterwards."""

from __future__ import annotations

import pytest

from engine.domain.errors import JournalError, NotPersisted
from engine.domain.facts import ExitReason, ExitRequested, Fact
from engine.journal import WaitingJournal
from store import Journals, SqlJournal
from tests.accounting.streams import OPEN_NS
from tests.servers import Postgres
from tests.store.conftest import ScarceDisk
from tests.store.test_losses import BRACKET, ENTRY

_EXIT = ExitRequested("T1", "acceleration", "AAA", "ALPACA", "main", ExitReason.TIME_STOP)
_PATIENT = 1_000


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
        journal = WaitingJournal(stored, 0)
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
    assert journals.open("run").verify().clean


def test_a_plan_that_was_refused_is_not_kept_and_what_comes_next_is(postgres: Postgres) -> None:
    journals = Journals(postgres.new_database())
    with journals.start("run") as stored:
        journal = WaitingJournal(stored, 0)
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
        journal = WaitingJournal(stored, 0)
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
    assert journals.open("run").verify().clean


class _Undecided:
    """A journal of which a commit was refused and yet kept, as after a lost answer."""

    def __init__(self, journal: SqlJournal) -> None:
        self._journal = journal
        self.refuses = False

    def append(self, payload: object, **place: object) -> Fact:
        """Keep it, and say that it was not."""
        fact = self._journal.append(payload, **place)  # pyright: ignore[reportArgumentType]
        if self.refuses:
            self.refuses = False
            raise JournalError("no answer")
        return fact

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)


def test_a_plan_of_which_no_answer_came_is_told_and_numbers_follow(postgres: Postgres) -> None:
    journals = Journals(postgres.new_database())
    with journals.start("run") as stored:
        undecided = _Undecided(stored)
        journal = WaitingJournal(undecided, 0)  # pyright: ignore[reportArgumentType]
        first = _append(journal, BRACKET, None)
        undecided.refuses = True
        with pytest.raises(NotPersisted):
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
