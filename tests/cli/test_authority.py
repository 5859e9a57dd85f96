"""What loosens a limit hangs on the door it came through, never on what a row says of itself."""

from __future__ import annotations

import time
from decimal import Decimal

import msgspec
import pytest
from sqlalchemy import insert, text

from app.commands.inbox import CommandInbox
from app.live.parameters import started_with
from app.parameters.desk import write_desk
from app.parameters.inbox import ParameterInbox
from engine.domain.commands import Pause, SetParameters
from engine.domain.errors import ConfigError
from engine.domain.facts import (
    AnyPayload,
    Channel,
    CommandReceived,
    CommandRefused,
    ParamsChanged,
)
from engine.domain.parameters import Parameters
from engine.domain.parameters.changes import propose
from engine.domain.parameters.versions import ParameterHistory
from engine.hub import Desk
from engine.journal import MemoryJournal, Report, fact_of, record_of, seal
from store import CommandLog, Database, Journals
from store.database.schema import FACTS
from store.journal.records import newest_record
from tests.runtime.stage import HOURS, TEN

LOOSER = {"position_notional": 9_000}


def a_day() -> tuple[Desk, MemoryJournal]:
    journal = MemoryJournal()
    desk = Desk(ParameterHistory(Parameters()), journal, Decimal(100_000))
    desk.start_day(HOURS, "", HOURS.pre_market_ns)
    return desk, journal


def by_hand(database: Database, run_id: str, payload: AnyPayload, name: str | None = None) -> None:
    """Write a fact after the last one of a run, by SQL alone, hash, head and all."""
    with database.connect() as connection, connection.begin():
        last = newest_record(connection, run_id)
        after = None if last is None else fact_of(last)
        record = record_of(seal(Report(payload, 1, 1, fact_id=name), after=after))
        connection.execute(insert(FACTS), msgspec.structs.asdict(record) | {"run_id": run_id})
        moved = text("update runs set head_seq = :seq, head_hash = :hash where run_id = :run_id")
        values = {"seq": record.seq, "hash": record.hash, "run_id": run_id}
        assert connection.execute(moved, values).rowcount == 1


def test_a_row_of_the_command_log_that_claims_a_step_up_is_refused(database_url: str) -> None:
    journals = Journals(database_url)
    log = CommandLog(journals, "run")
    log.create()
    for number, source in enumerate(("parameter desk", "tradectl params", "telegram")):
        claim = CommandReceived(
            command_id=f"c{number}",
            source=source,
            who="parameter desk",
            command=SetParameters(LOOSER, "because I say so", 1),
            channel=Channel.PARAMETER_DESK,
            stepped_up=True,
        )
        by_hand(journals.database, log.run_id, claim, claim.command_id)
    taken = CommandReceived(
        command_id="parameters-2",
        source="tradectl params",
        who="ann",
        command=Pause(),
        channel=Channel.PARAMETER_DESK,
        stepped_up=True,
    )
    by_hand(journals.database, log.run_id, taken, taken.command_id)
    desk, journal = a_day()
    for received in CommandInbox(log, ()).commands(TEN):
        desk.command(received, TEN)
    payloads = [fact.payload for fact in journal.facts()]
    received = [each for each in payloads if isinstance(each, CommandReceived)]
    assert [(each.channel, each.stepped_up) for each in received] == [
        (Channel.COMMAND_LOG, False)
    ] * 3
    refused = [each.reason for each in payloads if isinstance(each, CommandRefused)]
    assert len(refused) == 3
    assert all(reason.startswith("needs_step_up: position_notional") for reason in refused)
    assert (
        desk.books.history.at(TEN + 60 * 10**9).position_notional == Parameters().position_notional
    )


@pytest.mark.parametrize("stepped_up", [True, False])
def test_a_version_of_the_desk_loosens_if_its_author_stepped_up(
    database_url: str, *, stepped_up: bool
) -> None:
    def ask(history: ParameterHistory, now: int) -> ParamsChanged:
        change = propose(
            history,
            LOOSER,
            base=history.latest,
            now=now,
            who="ann",
            because="x",
            stepped_up=stepped_up,
        )
        assert isinstance(change, ParamsChanged)
        return change

    journals = Journals(database_url)
    began_ns = time.time_ns()
    desk, journal = a_day()

    def take() -> list[str]:
        inbox = ParameterInbox(journals, began_ns, (), 0, lambda: desk.books.history.latest)
        for received in inbox.commands(TEN):
            desk.command(received, TEN)
        payloads = [fact.payload for fact in journal.facts()]
        return [each.reason for each in payloads if isinstance(each, CommandRefused)]

    if stepped_up:
        write_desk(database_url, "ann", ask)
        assert take() == []
        assert desk.books.history.at(TEN + 60 * 10**9).position_notional == 9_000
        assert started_with(journals, None, ()) is not None
        return
    with pytest.raises(ConfigError, match="confirm with --step-up"):
        write_desk(database_url, "ann", ask)
    tighter = {"position_notional": 4_000}
    _, history = write_desk(
        database_url,
        "ann",
        lambda h, now: propose(h, tighter, base=h.latest, now=now, who="ann", because="x"),
    )
    assert take() == []
    by_hand(journals.database, "parameters", ask(history, time.time_ns()))
    (refused,) = take()
    assert refused.startswith("needs_step_up: position_notional")
    assert desk.books.history.at(TEN + 60 * 10**9).position_notional == 4_000
    with pytest.raises(ConfigError, match=r"version 3 .* without --step-up"):
        started_with(journals, None, ())
