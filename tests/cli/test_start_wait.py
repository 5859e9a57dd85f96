"""A database that is down at the start is waited for; one that refuses is not."""

from __future__ import annotations

import pytest

from app.runs.start_wait import StartWait
from engine.domain.errors import JournalDenied, JournalUnavailable
from engine.domain.exit_codes import ExitCode
from store import Database, Journals
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
