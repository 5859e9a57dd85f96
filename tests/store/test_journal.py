"""Every journal passes one contract; those in SQL are durable, shared and honest about damage."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings

from engine.domain.errors import ConfigError, JournalError, NotFoundError
from engine.domain.facts import AnyPayload, OrderRole
from engine.journal import Damage, Journal, MemoryJournal, record_of, verify
from store import Journals, RunStatus
from store.journal.process import Process
from tests.accounting.streams import OPEN_NS, fill, payload_streams, plan, record, whole_run
from tests.servers import Postgres

type NewJournal = Callable[[], AbstractContextManager[Journal]]

BRACKET = plan("T1", "AAA", 1, 10, Decimal(20))
ENTRY = fill(BRACKET, OrderRole.ENTRY, 10, Decimal("20.5"), Decimal(0))
_names = count()


@pytest.fixture
def journals(database_url: str) -> Journals:
    """Return the journals of an empty database, of each kind in turn."""
    return Journals(database_url)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def new_journal(request: pytest.FixtureRequest, tmp_path: Path) -> NewJournal:
    """Return what opens an empty journal, of each kind in turn."""
    if request.param == "memory":
        return _memory
    if request.param == "sqlite":
        journals = Journals(tmp_path / "journal.sqlite")
    else:
        journals = Journals(request.getfixturevalue("postgres").new_database())
    return lambda: journals.start(f"run-{next(_names)}")


@contextmanager
def _memory() -> Iterator[Journal]:
    yield MemoryJournal()


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
        with pytest.raises(JournalError, match="names 9 as its cause"):
            journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, causation_id=9)
        second = journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, causation_id=first.seq)
        assert second.prev_hash == first.hash
        assert list(journal.facts()) == [first, second]


def test_contract_what_is_reported_twice_is_kept_once(new_journal: NewJournal) -> None:
    with new_journal() as journal:
        first = journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, fact_id="fill:v1")
        other = journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, fact_id="fill:v2")
        again = journal.append(ENTRY, ts_event=OPEN_NS + 1, ts_init=OPEN_NS + 1, fact_id="fill:v1")
        assert again == first
        assert list(journal.facts()) == [first, other]


def test_a_fact_is_on_disk_when_append_returns(journals: Journals) -> None:
    with journals.start("run") as journal:
        for n in range(1, 4):
            journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS)
            assert len(list(journals.open("run").facts())) == n


def test_a_group_is_on_disk_when_it_ends(journals: Journals) -> None:
    with journals.start("run") as journal:
        with journal.group():
            record(journal, whole_run([BRACKET, ENTRY]))
            assert list(journals.open("run").facts()) == []
        assert len(list(journals.open("run").facts())) == 6


def test_a_run_that_can_be_had_again_makes_its_intents_durable(journals: Journals) -> None:
    payloads = whole_run([BRACKET, ENTRY])
    with journals.start("run", intents_only=True) as journal:
        record(journal, payloads[:2])
        assert len(list(journals.open("run").facts())) == 1
        record(journal, [BRACKET, ENTRY])
        assert [fact.payload for fact in journals.open("run").facts()] == payloads[:3]
        journal.commit()
        assert len(list(journals.open("run").facts())) == 4


def test_runs_of_one_database_do_not_see_each_other(journals: Journals) -> None:
    with journals.start("one") as one, journals.start("two") as two:
        one.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS, fact_id="same")
        two.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, fact_id="same")
        assert [fact.payload for fact in one.facts()] == [BRACKET]
        assert [fact.payload for fact in two.facts()] == [ENTRY]
    with pytest.raises(NotFoundError, match=r"no run 'three'.* there are: two, one"):
        journals.open("three")
    with pytest.raises(ConfigError, match="there is a run one in"):
        journals.start("one")


def test_an_opened_journal_continues_after_its_last_fact(journals: Journals) -> None:
    with journals.start("run") as journal:
        record(journal, whole_run([]))
        journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, fact_id="fill:v1")
    with journals.open("run") as again:
        known = again.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, fact_id="fill:v1")
        fact = again.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
    assert (known.seq, fact.seq) == (5, 6)
    assert journals.open("run").stored.verify(head=fact.hash).clean


def test_threads_share_a_journal(journals: Journals) -> None:
    with journals.start("run") as journal:

        def append() -> None:
            for n in range(25):
                name = f"{threading.get_ident()}-{n}"
                journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, fact_id=name)

        threads = [threading.Thread(target=append) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert journal.stored.verify().facts == 100
        assert journal.stored.verify().clean


def test_a_connection_that_outlives_its_process_is_waited_for(postgres: Postgres) -> None:
    url = postgres.new_database()
    journals = Journals(url)
    first, second = journals.start("run"), journals.open("run")
    first.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
    gone = Process(pid=2**22 + 1, started=0.0, host=socket.gethostname())
    with psycopg.connect(url, autocommit=True) as server, ThreadPoolExecutor(1) as pool:
        named = msgspec.json.encode(gone).decode()
        server.execute("update runs set writer = %s", [named])
        claimed = pool.submit(second.claim)
        asks = "select 1 from pg_stat_activity where query like '%%pg_try_advisory_lock%%'"
        others = f"{asks} and pid not in (pg_backend_pid(), %s)"
        holder = server.execute("select pid from pg_locks where locktype = 'advisory'").fetchone()
        assert holder is not None
        while server.execute(others, holder).fetchone() is None and not claimed.done():
            pass
        server.execute("select pg_terminate_backend(%s)", holder)
        claimed.result()
    assert second.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS).seq == 2
    second.close()


def test_a_second_writer_is_refused_until_the_first_has_closed(journals: Journals) -> None:
    first, second = journals.start("run"), journals.open("run")
    kept = first.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
    with pytest.raises(JournalError, match=r"run is being written by process \d+ on .*: end it"):
        second.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS)
    assert list(second.facts()) == [kept]
    first.close()
    with second:
        assert second.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS).prev_hash == kept.hash


def test_a_writer_that_was_taken_over_can_write_no_more(journals: Journals) -> None:
    first = journals.start("run")
    first.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
    _execute(journals, "update runs set writer_epoch = writer_epoch + 1")
    for _ in range(2):
        with pytest.raises(JournalError, match="another writer has taken over run run"):
            first.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS)
    assert journals.open("run").stored.verify().facts == 1


def test_a_reader_follows_without_missing_or_repeating(journals: Journals) -> None:
    seen: list[int] = []
    with journals.start("run") as journal:
        journal.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)

        def follow() -> None:
            for fact in journals.open("run").stored.follow(since=1):
                seen.append(fact.seq)
                if fact.seq == 61:
                    return

        reader = threading.Thread(target=follow)
        reader.start()
        for n in range(60):
            if n % 3:
                journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS)
            else:
                with journal.group():
                    journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS)
        reader.join(timeout=120)
        assert not reader.is_alive()
        assert seen == list(range(2, 62))
        assert list(journal.stored.follow(since=61, idle_secs=0.05)) == []


@pytest.mark.parametrize(
    ("damage", "seq", "found"),
    [
        (["update facts set payload = replace(payload, '20.5', '19.5')"], 4, Damage.ALTERED),
        (["update facts set payload = 'not json' where seq = 4"], 4, Damage.ALTERED),
        (["update facts set kind = 'run_ended' where seq = 2"], 2, Damage.ALTERED),
        (["delete from facts where seq = 3"], 3, Damage.MISSING),
        (["delete from facts where seq > 4"], 5, Damage.CUT_OFF),
        (
            [
                "update facts set seq = -3 where seq = 3",
                "update facts set seq = 3 where seq = 4",
                "update facts set seq = 4 where seq = -3",
            ],
            3,
            Damage.UNCHAINED,
        ),
    ],
)
def test_the_first_fact_changed_in_the_database_is_named(
    journals: Journals, damage: list[str], seq: int, found: Damage
) -> None:
    with journals.start("run") as journal:
        record(journal, whole_run([BRACKET, ENTRY]))
    _execute(journals, *damage)
    broken = journals.open("run").stored.verify().broken
    assert broken is not None
    assert (broken.seq, broken.damage) == (seq, found)


def test_a_run_left_running_is_sealed_by_what_its_chain_says(
    journals: Journals, request: pytest.FixtureRequest
) -> None:
    for name in ("alive", "left", "broken"):
        record(journals.start(name), whole_run([BRACKET, ENTRY]))
    gone = msgspec.json.encode(Process(4_194_305, 1.0, socket.gethostname())).decode()
    _execute(
        journals,
        f"update runs set writer = '{gone}' where run_id <> 'alive'",
        "update facts set kind = 'run_ended' where seq = 2 and run_id = 'broken'",
    )
    if not journals.database.is_file:
        request.getfixturevalue("postgres").cut_connections()
    standings = {run.run_id: run.standing for run in journals.runs()}
    assert standings == {"alive": "Running", "left": "Crashed", "broken": "Crashed"}
    sealed = {run.run_id: run for run in journals.seal_crashed()}
    assert sealed.keys() == {"left", "broken"}
    assert sealed["left"].status is RunStatus.CRASHED_RECOVERED
    assert sealed["broken"].status is RunStatus.QUARANTINED
    assert "fact 2" in sealed["broken"].note
    assert {run.status for run in journals.runs()} == {
        RunStatus.RUNNING,
        RunStatus.CRASHED_RECOVERED,
        RunStatus.QUARANTINED,
    }


def test_a_closed_file_is_plain(tmp_path: Path) -> None:
    with Journals(tmp_path / "journal.sqlite").start("run") as journal:
        record(journal, whole_run([]))
        assert len(list(tmp_path.iterdir())) > 1
    assert [path.name for path in tmp_path.iterdir()] == ["journal.sqlite"]


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"no journal" * 100)
    with pytest.raises(JournalError, match=r"journal\.sqlite: file is not a database"):
        Journals(path)


@pytest.mark.parametrize("url", ["mysql://host/name", "://", "redis://x"])
def test_a_database_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="expected a database like postgresql://"):
        Journals(url)


def test_a_password_is_in_no_message() -> None:
    with pytest.raises(JournalError, match=r"postgresql://trader:\*\*\*@.* refused") as refused:
        Journals("postgresql://trader:hunter2@127.0.0.1:1/facts")
    assert "hunter2" not in str(refused.value)


def _execute(journals: Journals, *statements: str) -> None:
    """Change a database behind the journal's back."""
    database = journals.database
    if database.is_file:
        with sqlite3.connect(database.path) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
        return
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())
