"""A database made by any version holds its facts unharmed after going up, and down again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from engine.domain.errors import ConfigError, JournalError
from engine.domain.facts import Contribution, Fact, Fee, FeeCharged, OrderRole, OrderSubmitted
from engine.journal import record_of
from store import Database, Journals, Projector, RunStatus, newest_revision
from store.database.schema import FACTS, METADATA
from tests.accounting.streams import OPEN_NS, facts, fill, plan, run_started, whole_run

_COMERS = 8

BRACKET = plan("T1", "AAA", 1, 10, Decimal(20))
ENTRY = fill(BRACKET, OrderRole.ENTRY, 10, Decimal("20.5"), Decimal(0))


@pytest.fixture
def first_version(database_url: str) -> tuple[Database, list[Fact]]:
    """Return a database as the first version left it, with one run in it, and the facts."""
    database, stream = Database(database_url), facts(whole_run([BRACKET, ENTRY]))
    database.migrate("0001")
    with database.connect() as connection, connection.begin():
        for fact in stream:
            record = record_of(fact)
            names = [column.name for column in FACTS.c if column.name not in ("run_id", "fact_id")]
            values = ", ".join(f":{name}" for name in names)
            insert = f"insert into facts ({', '.join(names)}) values ({values})"
            connection.execute(text(insert), {name: getattr(record, name) for name in names})
        # The first version did not stamp what it made.
        connection.execute(text("drop table alembic_version"))
    return database, stream


def test_facts_of_the_first_version_go_up_and_down_and_up_again(
    first_version: tuple[Database, list[Fact]],
) -> None:
    database, stream = first_version
    assert database.revision() == "0001"
    for _ in range(2):
        journals = Journals(database)
        assert database.revision() == newest_revision()
        (run,) = journals.runs()
        assert (run.run_id, run.status, run.facts) == (
            run_started().run_id,
            RunStatus.ENDED,
            len(stream),
        )
        journal = journals.open(run.run_id)
        assert list(journal.facts()) == stream
        assert journal.stored.verify().clean
        database.migrate("0001")
        with database.connect() as connection:
            count = connection.execute(text("select count(*) from facts")).scalar_one()
        assert count == len(stream)


def test_a_migrated_database_is_one_that_was_made_new(database_url: str) -> None:
    database = Database(database_url)
    database.migrate("0001")
    database.migrate()
    with database.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_tables_of_before_strategies_had_names_are_those_of_their_facts(database_url: str) -> None:
    alone = msgspec.structs.replace(run_started(), strategies=("acceleration",))
    strong = (Contribution("acceleration", 1.0, 1.0, 1.0),)
    short = plan("T2", "BBB", -1, 7, Decimal(30), contributions=strong)
    short = msgspec.structs.replace(short, score=9.0)
    entry = fill(short, OrderRole.ENTRY, 7, Decimal(30), Decimal("0.01"))
    away = fill(short, OrderRole.EXIT, 7, Decimal(29), Decimal("0.01"))
    paid = FeeCharged("ALPACA", "main", Fee.TAF, "2018-01-02", Decimal("0.01"), None, None)
    journal = Journals(database_url).start(alone.run_id)
    sent = OrderSubmitted(
        "T2-entry", "T2", "BBB", "ALPACA", "main", OrderRole.ENTRY, 1, "SELL", "MARKET",
        Decimal(7), None, None,
    )  # fmt: skip
    for payload in (alone, BRACKET, ENTRY, short, sent, entry, away, paid, *whole_run([])[1:]):
        journal.append(payload, ts_event=OPEN_NS, ts_init=OPEN_NS)
    projector = Projector(journal)
    projector.catch_up()
    digests = projector.digests()
    assert [name for name, (rows, _) in digests.items() if not rows] == []
    journal.database.migrate("0004")
    with journal.database.connect() as connection:
        old = connection.execute(text("select ac_z, quantity from signals order by seq")).all()
        assert [tuple(row) for row in old] == [(4.5, 10), (-9.0, 7)]
        names = connection.execute(text("select strategy from strategy_metrics")).scalars()
        assert list(names) == ["ao"]
    journal.database.migrate()
    assert projector.digests() == digests
    assert projector.rebuild().differing == ()


def test_going_down_refuses_what_older_tables_cannot_say(database_url: str) -> None:
    part = plan("T1", "AAA", 1, Decimal("0.5"), Decimal(20))
    alone = msgspec.structs.replace(run_started(), strategies=("acceleration",))
    for run_id, payloads, why in (
        ("one", [alone, part], "signals has parts of shares"),
        ("two", [run_started()], "rows are of other strategies"),
    ):
        journals = Journals(database_url)
        journal = journals.start(run_id)
        for payload in payloads:
            journal.append(payload, ts_event=OPEN_NS, ts_init=OPEN_NS)
        Projector(journal).catch_up()
        with pytest.raises(JournalError, match=why):
            journals.database.migrate("0004")
        assert journals.database.revision() == newest_revision()


def test_whoever_comes_while_the_tables_are_made_waits_for_them(database_url: str) -> None:
    together = Barrier(_COMERS)

    def come(_: int) -> int:
        together.wait()
        return len(list(Journals(database_url).runs()))

    with ThreadPoolExecutor(_COMERS) as comers:
        assert list(comers.map(come, range(_COMERS))) == [0] * _COMERS
    assert Database(database_url).revision() == newest_revision()


def test_going_down_refuses_what_it_would_lose(database_url: str) -> None:
    journals = Journals(database_url)
    with journals.start("one") as journal:
        journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, fact_id="fill:1")
    with pytest.raises(JournalError, match="cannot go back to facts without ids"):
        journals.database.migrate("0001")
    journals.start("two").close()
    with pytest.raises(JournalError, match="there are 2"):
        journals.database.migrate("0001")
    assert journals.open("one").stored.verify().facts == 1
    with pytest.raises(ConfigError, match=r"expected a revision of 0001, .* found 9999"):
        journals.database.migrate("9999")


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    journals = Journals(database_url)
    with journals.database.connect() as connection, connection.begin():
        connection.execute(text("update alembic_version set version_num = '9000'"))
    with pytest.raises(JournalError, match="are of revision 9000, this tradectl knows up to"):
        Journals(database_url)
