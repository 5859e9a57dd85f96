"""What a run allows, told in words; on which version a change of its parameters is based."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from engine.domain.commands import Pause
from engine.domain.facts import (
    Channel,
    CommandAccepted,
    CommandDone,
    CommandReceived,
    DayStarted,
    ParamsChanged,
)
from engine.domain.parameters import Parameters
from engine.domain.parameters.changes import open_desk, propose
from engine.domain.parameters.versions import ParameterHistory
from store import Journals, RunStatus
from tests.accounting.streams import OPEN_NS, record, run_started

RUN = "session-2018-01-02"


@pytest.fixture
def paused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journals:
    """Return journals with a run that is paused by hand and has two versions of its parameters."""
    database = str(tmp_path / "journal.sqlite")
    monkeypatch.setenv("TRADECTL_DATABASE", database)
    first = Parameters()
    second = propose(
        ParameterHistory(first),
        {"min_ac_z": 5},
        base=1,
        now=OPEN_NS,
        who="ann",
        because="calm",
    )
    assert isinstance(second, ParamsChanged)
    by_hand = CommandReceived(
        "one", "tradectl", "ann", Pause(), channel=Channel.COMMAND_LOG, stepped_up=False
    )
    journals = Journals(database)
    with journals.start(RUN) as journal:
        record(
            journal,
            [
                run_started(),
                open_desk(first, OPEN_NS, "ann", "as it was"),
                DayStarted("2018-01-02", "h" * 64, Decimal(100_000)),
                second,
                by_hand,
                CommandAccepted("one"),
                CommandDone("one", "done"),
            ],
        )
        journal.end(RunStatus.INTERRUPTED)
    return journals


def _asked(*arguments: str) -> str:
    answer = CliRunner().invoke(app, arguments, env={"COLUMNS": "100"})
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def _told(*arguments: str) -> Any:
    return json.loads(_asked(*arguments, "--json"))


def test_a_pause_is_a_pause_and_only_a_run_that_can_go_on_is_told_how(paused: Journals) -> None:
    for asked in (("governor", "status"), ("say", "status")):
        page = _asked(*asked)
        assert "paused by hand" in page
        assert "halted" not in page
        assert "tradectl do resume" in page
    status = _told("say", "status")
    assert (status["phase"], status["paused"], status["goes_on"]) == ("halted", True, True)
    with paused.open(RUN) as journal:
        journal.claim()
        journal.end(RunStatus.ENDED)
    page, status = _asked("say", "status"), _told("say", "status")
    assert "none: the run has ended" in page
    assert "resume" not in page
    assert (status["remedy"], status["paused"], status["goes_on"]) == ("", True, False)
    refused = _told("do", "resume")
    assert refused["preview"] == "would be refused: it takes no commands any more"
    assert "--yes" not in refused["detail"]


@pytest.mark.usefixtures("paused")
def test_a_change_is_based_on_the_newest_version_unless_another_is_named() -> None:
    change = ("set", "max_trades_per_day=3", "--because", "calm")
    assert _told("do", *change)["preview"] == "max_trades_per_day 5 → 3"
    assert _told("do", *change, "--base", "2")["preview"] == "max_trades_per_day 5 → 3"
    assert "version 2 is newer than version 1" in _told("do", *change, "--base", "1")["preview"]
