"""Every journal passes one contract; the one in SQL is durable, shared and honest about damage."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, given, settings

from engine.domain.errors import JournalError
from engine.domain.facts import AnyPayload, OrderRole
from engine.journal import Damage, Journal, MemoryJournal, record_of, verify
from store import SqlJournal
from tests.accounting.streams import OPEN_NS, fill, payload_streams, plan, record, whole_run
from tests.store.conftest import ScarceDisk

type NewJournal = Callable[[], AbstractContextManager[Journal]]

BRACKET = plan("T1", "AAA", 1, 10, Decimal(20))
ENTRY = fill(BRACKET, OrderRole.ENTRY, 10, Decimal("20.5"), Decimal(0))


@contextmanager
def _memory(_: Path) -> Iterator[Journal]:
    yield MemoryJournal()


@contextmanager
def _sql(folder: Path) -> Iterator[Journal]:
    with SqlJournal.create(folder / "journal.sqlite") as journal:
        yield journal


@pytest.fixture(params=[_memory, _sql])
def new_journal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> NewJournal:
    """Return what opens an empty journal, of each kind in turn."""
    return lambda: request.param(tmp_path_factory.mktemp("run"))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload_streams)
def test_contract_what_was_appended_is_read_in_order_and_chained(
    new_journal: NewJournal, payloads: list[AnyPayload]
) -> None:
    with new_journal() as journal:
        record(journal, payloads)
        stored = list(journal.facts())
        assert [fact.payload for fact in stored] == payloads
        assert list(journal.facts(since=3)) == stored[3:]
        assert verify(record_of(fact) for fact in stored).clean


def test_contract_a_refused_fact_leaves_no_trace(new_journal: NewJournal) -> None:
    with new_journal() as journal:
        first = journal.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
        with pytest.raises(JournalError):
            journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, causation_id=9)
        second = journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, causation_id=first.seq)
        assert second.prev_hash == first.hash
        assert list(journal.facts()) == [first, second]


def test_the_intent_to_trade_is_on_disk_when_append_returns(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    payloads = whole_run([BRACKET, ENTRY])
    with SqlJournal.create(path) as journal:
        record(journal, payloads[:2])
        assert len(list(SqlJournal.open(path).facts())) == 1
        record(journal, [BRACKET, ENTRY])
        on_disk = [fact.payload for fact in SqlJournal.open(path).facts()]
        assert on_disk == payloads[:3]
        journal.commit()
        assert len(list(SqlJournal.open(path).facts())) == 4


def test_an_opened_journal_continues_after_its_last_fact(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with SqlJournal.create(path) as journal:
        record(journal, whole_run([]))
    with SqlJournal.open(path) as again:
        fact = again.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
    assert fact.seq == 5
    assert SqlJournal.open(path).verify(head=fact.hash).clean


def test_a_closed_journal_is_one_plain_file(tmp_path: Path) -> None:
    with SqlJournal.create(tmp_path / "journal.sqlite") as journal:
        record(journal, whole_run([]))
        assert len(list(tmp_path.iterdir())) > 1
    assert [path.name for path in tmp_path.iterdir()] == ["journal.sqlite"]


def test_a_second_writer_cannot_fork_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with SqlJournal.create(path) as first:
        record(first, whole_run([]))
        second = SqlJournal.open(path)
        kept = first.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
        with second, pytest.raises(JournalError, match="cannot keep facts 5 to 5"):
            second.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
    assert SqlJournal.open(path).verify(head=kept.hash).clean


@pytest.mark.parametrize(
    ("damage", "seq", "found"),
    [
        ("update facts set payload = replace(payload, '20.5', '19.5')", 4, Damage.ALTERED),
        ("update facts set payload = 'not json' where seq = 4", 4, Damage.ALTERED),
        ("update facts set kind = 'run_ended' where seq = 2", 2, Damage.ALTERED),
        ("delete from facts where seq = 3", 3, Damage.MISSING),
        ("delete from facts where seq > 4", 5, Damage.CUT_OFF),
        (
            """
            update facts set seq = -3 where seq = 3;
            update facts set seq = 3 where seq = 4;
            update facts set seq = 4 where seq = -3
            """,
            3,
            Damage.UNCHAINED,
        ),
    ],
)
def test_the_first_fact_changed_in_the_database_is_named(
    tmp_path: Path, damage: str, seq: int, found: Damage
) -> None:
    path = tmp_path / "journal.sqlite"
    with SqlJournal.create(path) as journal:
        record(journal, whole_run([BRACKET, ENTRY]))
        head = journal.last
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(damage)
    assert head is not None
    broken = SqlJournal(path).verify(head.hash).broken
    assert broken is not None
    assert (broken.seq, broken.damage) == (seq, found)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"no journal" * 100)
    with pytest.raises(JournalError, match=r"journal\.sqlite: file is not a database"):
        SqlJournal.open(path)


def test_a_journal_is_never_made_over_another(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    SqlJournal.create(path).close()
    with pytest.raises(JournalError, match="already: open it"):
        SqlJournal.create(path)


def test_a_missing_journal_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no journal at"):
        SqlJournal.open(tmp_path / "journal.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_halts_and_nothing_is_lost_when_there_is_room_again(
    scarce_disk: ScarceDisk,
) -> None:
    path = scarce_disk.folder / "journal.sqlite"
    with SqlJournal.create(path) as journal:
        record(journal, whole_run([]))
        scarce_disk.exhaust(room=256 * 1024)
        with pytest.raises(JournalError, match="nothing may be traded until the disk has room"):
            _append_without_end(journal)
        kept = journal.last
        scarce_disk.relieve()
        after = journal.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
    assert kept is not None
    assert 4 < kept.seq == after.seq - 1
    assert SqlJournal.open(path).verify(after.hash).clean


def _append_without_end(journal: SqlJournal) -> NoReturn:
    while True:
        journal.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
