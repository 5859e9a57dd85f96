"""A database that is down at the start is waited for; one that refuses is not."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from app.live.protection_run import protection_run
from app.live.request import LiveRequest
from app.markets import simulated_market
from app.runs.start_wait import StartWait
from engine.domain.errors import JournalBroken, JournalDenied, JournalUnavailable
from engine.domain.exit_codes import ExitCode
from store import Database, Journals, RunStatus
from tests.cli.live.live_place import KEYS, simulated
from tests.forked_processes import ForkedProcesses
from tests.servers import Postgres


def test_a_server_that_is_down_is_waited_for_until_it_is_back(postgres: Postgres) -> None:
    url, attempts = postgres.new_database(), 0
    postgres.crash()

    def attempt() -> Journals:
        nonlocal attempts
        attempts += 1
        if attempts == 2:  # it has been waited for
            postgres.start()
        return Journals(url)

    said: list[str] = []
    assert StartWait(600, said.append).reached(attempt).runs() == []
    assert attempts >= 2
    assert any("waiting up to" in line for line in said)
    assert said[-1] == "it answers again"


def test_a_server_that_stays_down_is_given_up_with_the_code_that_says_so() -> None:
    url = "postgresql://trader:hunter2@127.0.0.1:1/facts"
    with pytest.raises(JournalUnavailable, match="refused") as told:
        StartWait(0.3, print).reached(lambda: Journals(url))
    assert told.value.exit_code is ExitCode.UNAVAILABLE
    assert told.value.__notes__ == ["waited 0.3 s for it; --wait-secs sets how long"]
    assert "hunter2" not in str(told.value)


def test_a_database_that_is_not_there_on_a_server_that_is_is_not_waited_for(
    postgres: Postgres,
) -> None:
    url = Database(postgres.new_database()).url.set(database="nosuch")
    with pytest.raises(JournalDenied, match="does not exist") as told:
        StartWait(600, print).reached(lambda: Journals(url.render_as_string(hide_password=False)))
    assert told.value.exit_code is ExitCode.CONFIG


def test_what_protects_a_quarantined_run_waits_for_venue_and_database_alike(
    nursery: ForkedProcesses,
    small_market: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("store.database.database._BUSY_MS", 200)
    database = tmp_path / "facts.sqlite"
    journals, said = Journals(database), list[str]()
    other = sqlite3.connect(database, isolation_level=None)

    def say(line: str) -> None:
        """Follow the start: who waits for the venue finds the database locked after it."""
        said.append(line)
        if "HTTP 500" in line:
            other.execute("begin exclusive")
        elif "is locked" in line:
            other.execute("rollback")

    def told(_run_id: str, _facts: int) -> None:
        other.execute("begin immediate")  # the first facts find it locked again

    def stopped() -> asyncio.Event:
        stop = asyncio.Event()
        stop.set()
        return stop

    with simulated(nursery, small_market, tmp_path, start="09:45") as place:
        place.strike(failing_requests=5)
        request = LiveRequest(
            venue=simulated_market(place.url, *KEYS),
            feed="sip",
            params=None,
            letters=(),
            symbols=(),
            run_id=None,
            sends=True,
            verdicts=tmp_path,
            wait=StartWait(600, say),
        )
        broken = JournalBroken("run", "fact 2 is altered")
        end = asyncio.run(protection_run(journals, request, broken, told, print, stopped))
    other.close()
    assert [line for line in said if "it answers again" in line] == ["it answers again"] * 3
    assert ["500" in said[0], "is locked" in said[2], "is locked" in said[4]] == [True] * 3
    assert end.left.live == frozenset()
    (run,) = [each for each in journals.runs() if each.run_id == end.run_id]
    assert run.status is RunStatus.ENDED
    journal = journals.open(end.run_id)
    assert journal.stored.verify().clean
    kinds = [type(fact.payload).__name__ for fact in journal.facts()]
    assert kinds[:3] == ["RunStarted", "ParamsChanged", "DayStarted"]
