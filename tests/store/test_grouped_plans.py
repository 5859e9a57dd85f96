"""The plans of a bucket become durable together, or none of their orders leaves."""

from __future__ import annotations

from decimal import Decimal

from engine.domain.facts import BracketPlanned, OrderRejected
from engine.domain.order_names import trade_name
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import ParameterHistory
from engine.hub import Desk
from engine.journal import WaitingJournal
from store import Journals
from tests.accounting.streams import OPEN_NS
from tests.runtime.stage import HOURS, TEN, plan
from tests.servers import Postgres
from tests.store.test_losses import BRACKET, ENTRY

_PATIENT = 1_000
_FIRST, _SECOND = plan(symbol="AAA"), plan(symbol="BBB")


def _desk(journal: WaitingJournal) -> Desk:
    desk = Desk(ParameterHistory(Parameters()), journal, Decimal(100_000))
    desk.start_day(HOURS, "0" * 64, HOURS.open_ns)
    return desk


def test_plans_that_are_refused_together_never_leave_and_are_kept_as_never_sent(
    postgres: Postgres,
) -> None:
    journals = Journals(postgres.new_database())
    with journals.start("run") as stored:
        journal = WaitingJournal(stored)
        desk = _desk(journal)
        postgres.cut_connections()
        assert desk.plans([_FIRST, _SECOND], TEN, TEN) == set()
        assert journal.halted
        assert not desk.books.governor.open_trades
        assert desk.plans([plan(symbol="CCC")], TEN, TEN) == set()
        assert any(journal.try_again() for _ in range(_PATIENT))
        back = journal.resume()
        assert back == ({}, [])
        again = plan(symbol="DDD")
        assert desk.plans([again], TEN, TEN) == {again.trade_id}
        facts = list(stored.facts())
        assert stored.stored.verify().clean
    planned = [f.payload.trade_id for f in facts if isinstance(f.payload, BracketPlanned)]
    unsent = [f.payload.trade_id for f in facts if isinstance(f.payload, OrderRejected)]
    assert planned == [_FIRST.trade_id, _SECOND.trade_id, again.trade_id]
    assert unsent == [_FIRST.trade_id, _SECOND.trade_id]
    replayed = Desk(ParameterHistory(Parameters()), WaitingJournal(stored), Decimal(100_000))
    replayed.books.restore(facts)
    assert list(replayed.books.trades) == [again.trade_id]
    assert trade_name(again.trade_id) is not None


def test_plans_of_a_bucket_are_durable_with_what_waited_before_them(postgres: Postgres) -> None:
    journals = Journals(postgres.new_database())
    calls: list[None] = []
    with journals.start("run") as stored:
        journal = WaitingJournal(stored)
        desk = _desk(journal)

        def kept() -> int:
            return len(list(journals.open("run").facts()))

        journal.defer(lambda: calls.append(None))
        before = kept()
        journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS)
        assert (kept(), len(calls)) == (before, 1)
        journal.settle()
        assert kept() == before + 1
        journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS)
        assert desk.plans([_FIRST, _SECOND], TEN, TEN)
        assert kept() == stored.unpersisted.last.seq  # pyright: ignore[reportOptionalMemberAccess]
        journal.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
        assert kept() == stored.unpersisted.last.seq  # pyright: ignore[reportOptionalMemberAccess]
