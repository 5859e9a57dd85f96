"""The tables of accounting at rest are what one pass over the facts says."""

from __future__ import annotations

from decimal import Decimal
from itertools import batched
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from engine.accounting import PROJECTIONS, keep_accounts
from engine.domain.errors import JournalError
from engine.domain.facts import AnyPayload, DayEnded, OrderRole
from engine.domain.session import NANOS_PER_SECOND
from store import Journals, Projector, SqlJournal
from tests.accounting.busy_account import busy_account
from tests.accounting.streams import OPEN_NS, fill, plan, run_started

RUN = "2018-01-02-0a1b2c3d"


@pytest.fixture
def journal(database_url: str) -> SqlJournal:
    """Return the empty journal of a run, in a database of each kind in turn."""
    return Journals(database_url).start(RUN)


def _append(journal: SqlJournal, payloads: list[AnyPayload]) -> None:
    with journal.group():
        for payload in payloads:
            journal.append(payload, ts_event=OPEN_NS, ts_init=OPEN_NS)


def _expected(journal: SqlJournal, name: str) -> list[dict[str, Any]]:
    table = PROJECTIONS[name]
    rows = [msgspec.structs.asdict(row) for row in table.rows(keep_accounts(journal.facts()))]
    return sorted(rows, key=lambda row: [row[column] for column in table.key])


def _stored(journal: SqlJournal, name: str) -> list[dict[str, Any]]:
    rows = [dict(row) for row in Projector(journal).rows(name)]
    return sorted(rows, key=lambda row: [row[column] for column in PROJECTIONS[name].key])


def test_tables_kept_up_by_two_projectors_in_turn_are_those_of_one_pass(
    journal: SqlJournal,
) -> None:
    projectors = [Projector(journal), Projector(SqlJournal(journal.database, RUN))]
    payloads = list(busy_account(3, 120))
    for turn, some in enumerate(batched(payloads, 150, strict=False)):
        _append(journal, list(some))
        assert projectors[turn % 2].catch_up() == Projector(journal).seq()
    assert Projector(journal).seq() == len(payloads) > 500
    for name in PROJECTIONS:
        expected = _expected(journal, name)
        assert expected, name
        assert _stored(journal, name) == expected, name


def test_rebuilt_tables_have_the_digests_they_had(journal: SqlJournal) -> None:
    payloads = list(busy_account(4, 60))
    _append(journal, payloads)
    projector = Projector(journal)
    projector.catch_up()
    before = projector.digests()
    rebuilt = projector.rebuild()
    assert rebuilt.differing == ()
    assert {name: digest for name, (_, digest) in before.items()} == rebuilt.digests
    assert projector.digests() == before
    assert projector.seq() == rebuilt.facts == len(payloads)
    assert rebuilt.rows["fills"] > 50


def test_what_comes_after_a_rebuild_is_taken_in_by_whoever_looks(journal: SqlJournal) -> None:
    payloads = list(busy_account(8, 60))
    _append(journal, payloads[:100])
    early, other = Projector(journal), Projector(journal)
    other.catch_up()
    early.rebuild()
    _append(journal, payloads[100:])
    assert early.catch_up() == other.catch_up() == len(payloads)
    assert other.rebuild().differing == ()


def test_a_short_filled_at_its_own_price_slipped_by_nothing(journal: SqlJournal) -> None:
    bracket = plan("T1", "AAA", -1, 10, Decimal(20))
    entry = fill(bracket, OrderRole.ENTRY, 10, Decimal(20), Decimal(0))
    _append(journal, [run_started(), bracket, entry])
    Projector(journal).catch_up()
    assert str(_stored(journal, "trades")[0]["slippage_bps"]) == "0.0"
    assert Projector(journal).rebuild().differing == ()


def test_trades_are_shown_in_the_order_in_which_they_were_entered(journal: SqlJournal) -> None:
    brackets = [plan(f"T{number}", "AAA", 1, 10, Decimal(20)) for number in (9, 10, 11)]
    entries = [fill(one, OrderRole.ENTRY, 10, Decimal(20), Decimal(0)) for one in brackets]
    for seconds, payload in enumerate([run_started(), *brackets, *entries[::-1]]):
        ts = OPEN_NS + seconds * NANOS_PER_SECOND
        journal.append(payload, ts_event=ts, ts_init=ts)
    Projector(journal).catch_up()
    shown = [row["trade_id"] for row in Projector(journal).rows("trades")]
    told = PROJECTIONS["trades"].rows(keep_accounts(journal.facts()))
    assert shown == [trade.trade_id for trade in told] == ["T11", "T10", "T9"]


def test_a_table_that_was_tampered_with_or_dropped_is_made_anew_and_named(
    journal: SqlJournal,
) -> None:
    _append(journal, list(busy_account(5, 60)))
    projector = Projector(journal)
    projector.catch_up()
    digests = projector.digests()
    with journal.database.connect() as connection, connection.begin():
        connection.execute(text("update cash_movements set amount = amount + 1 where seq = 1"))
        connection.execute(text("drop table lots"))
    assert projector.rebuild().differing == ("lots", "cash_movements")
    assert projector.digests() == digests


def test_money_is_exact_to_the_last_micro(journal: SqlJournal) -> None:
    much = Decimal("90071992547.409931")
    payloads = list(busy_account(6, 40))
    payloads[0] = msgspec.structs.replace(run_started(), starting_balance=much)
    _append(journal, payloads)
    Projector(journal).catch_up()
    first = next(iter(_stored(journal, "cash_movements")))
    assert first["cash"] == much
    _append(journal, [DayEnded("2018-01-02", Decimal("0.0000001"))])
    with pytest.raises(JournalError, match="whole 1e-6 USD"):
        Projector(journal).catch_up()


def test_two_databases_of_the_same_facts_have_the_same_digests(
    journal: SqlJournal, tmp_path: Any
) -> None:
    payloads = list(busy_account(7, 60))
    other = Journals(tmp_path / "other.sqlite").start(RUN)
    for one in (journal, other):
        _append(one, payloads)
        Projector(one).catch_up()
    assert Projector(journal).digests() == Projector(other).digests()


def test_time_series_say_how_they_rest(journal: SqlJournal) -> None:
    said = journal.database.time_series()
    assert said.startswith(("plain tables", "hypertables"))
