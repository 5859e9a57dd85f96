"""``tradectl params`` on a database: versions, conflicts, schedules and the way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.parameters.desk import chosen_at_desk
from app.parameters.schedule import load_schedule
from cli.main import app
from engine.domain.errors import ConfigError
from engine.domain.facts import ParamsChanged
from engine.domain.parameters import Parameters
from store import Journals

Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    monkeypatch.setenv("TRADECTL_DATABASE", str(tmp_path / "desk.sqlite"))
    monkeypatch.setenv("TRADECTL_CATALOG", str(tmp_path / "none"))
    monkeypatch.setenv("TRADECTL_WHO", "ann")

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        result = CliRunner().invoke(app, ["params", *arguments, "--json"])
        return result.exit_code, json.loads(result.stdout)

    return run


SAY = ("--because", "test", "--yes")


def test_nothing_was_changed_yet(ask: Ask) -> None:
    assert ask("get", "minAcZ") == (0, ask("get", "min_ac_z")[1])
    assert ask("history")[1] == {"versions": []}


def test_a_change_is_kept_whole_with_who_and_why(ask: Ask, tmp_path: Path) -> None:
    code, told = ask("set", "min_ac_z=5", "slow_period=30", *SAY)
    assert (code, told["status"], told["version"]) == (0, "changed", 2)
    assert told["takes"] == {"slow_period": "reseed", "min_ac_z": "yes"}
    (version,) = ask("history")[1]["versions"]
    assert (version["who"], version["because"]) == ("ann", "test")
    assert ask("diff", "1", "2")[1]["changes"] == version["changes"]
    facts = list(Journals.existing(str(tmp_path / "desk.sqlite")).open("parameters").facts())
    assert [type(fact.payload) for fact in facts] == [ParamsChanged, ParamsChanged]


def test_a_broken_rule_refuses_everything(ask: Ask) -> None:
    code, told = ask("set", "min_ac_z=5", "take_profit_percent=1", *SAY)
    assert (code, told["reason"]) == (2, "breaks_a_rule")
    assert ask("get", "min_ac_z")[1]["value"] == 4


def test_the_second_writer_is_shown_what_changed(ask: Ask) -> None:
    ask("set", "min_ac_z=5", *SAY)
    code, told = ask("set", "vol_floor=5", "--base", "1", *SAY)
    assert (code, told["reason"]) == (2, "stale_base")
    assert told["since"][0]["changes"] == [{"name": "min_ac_z", "old": 4.0, "new": 5.0}]
    assert ask("set", "vol_floor=5", "--base", "2", *SAY)[0] == 0


def test_a_mode_is_chosen_once_it_is_in_force(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask("schedule", "alpaca_trading_mode=paper", "--at", "2099-01-03T12:00", *SAY)[0] == 0
    assert ask("set", "min_ac_z=5", *SAY)[0] == 0
    journals = Journals.existing(str(tmp_path / "desk.sqlite"))
    facts = journals.open("parameters").facts()
    versions = [each.payload for each in facts if isinstance(each.payload, ParamsChanged)]
    found: list[set[str]] = []
    for version in (versions[2], versions[1]):
        at = version.effective_ns
        monkeypatch.setattr("app.parameters.desk.time.time_ns", lambda at=at: at)
        found.append(chosen_at_desk(journals))
    assert found == [{"min_ac_z"}, {"min_ac_z", "alpaca_trading_mode"}]


def test_a_page_that_leaves_columns_out_says_so(ask: Ask) -> None:
    del ask
    for width, is_whole in ((80, False), (200, True)):
        page = CliRunner().invoke(app, ["params", "show"], env={"COLUMNS": str(width)}).stdout
        assert ("no room for default, takes effect" in page) != is_whole
        assert ("at once, windows refilled" in page) == is_whole
        assert "…" not in page


def test_a_schedule_can_be_listed_and_withdrawn(ask: Ask) -> None:
    assert ask("schedule", "min_ac_z=5", "--at", "2099-09-18T15:00", *SAY)[0] == 0
    assert [each["version"] for each in ask("schedule")[1]["scheduled"]] == [2]
    assert ask("schedule", "--withdraw", "2", "--because", "no")[1]["status"] == "withdrawn"
    assert ask("schedule")[1] == {"scheduled": []}
    assert ask("history")[1]["versions"][0]["withdrawn"] is True


def test_what_is_exported_can_be_imported(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    ask("set", "trailing_stop_percent=2", *SAY)
    assert ask("export", str(file), "--version", "2")[0] == 0
    assert ask("check", str(file))[1]["changed"] == {"trailing_stop_percent": 2.0}
    code, told = ask("import", str(file), *SAY)
    assert (code, told["reason"]) == (2, "changes_nothing")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("set", "min_ac_z=5", "--because", "x"), "give --yes"),
        (("set", "min_ac_z=5", "--yes"), "say why"),
        (("set", "min_ac_z", *SAY), "expected KEY=VALUE"),
        (("set", "nope=5", *SAY), "unknown parameter 'nope'"),
        (("set", "position_notional=9000", *SAY), "confirm with --step-up"),
        (("schedule", "min_ac_z=5", *SAY), "say when"),
        (("schedule", "min_ac_z=5", "--at", "2020-01-02T10:00", *SAY), "choose a later instant"),
        (("schedule", "min_ac_z=5", "--at", "9" * 22, *SAY), "no whole number of 64 bits"),
        (("schedule", "min_ac_z=5", "--at", "9999-01-02T10:00", *SAY), "from 1970 to 2262"),
        (("schedule", "min_ac_z=5", "--withdraw", "2", *SAY), "either take a change back"),
        (("set", "min_ac_z=5", "min_ac_z=6", *SAY), "min_ac_z is given twice"),
        (("set", "min_ac_z=5", "minAcZ=6", *SAY), "min_ac_z is given twice"),
        (("rollback", "7", *SAY), "version 7"),
        (("get", "nope"), "unknown parameter 'nope'"),
    ],
)
def test_refusals_exit_2_with_one_json_object(
    ask: Ask, arguments: tuple[str, ...], message: str
) -> None:
    code, told = ask(*arguments)
    assert code == 2
    assert message in told["message"]


def test_a_preview_needs_no_reason_and_changes_nothing(ask: Ask) -> None:
    assert ask("set", "min_ac_z=5", "--preview")[1]["status"] == "preview"
    assert ask("history")[1] == {"versions": []}


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "index_symbols=planted-venue-secret", *SAY),
        ("set", "min_ac_z=5", "--because", "planted-venue-secret", "--yes"),
        ("set", "min_ac_z=5", "--who", "planted-venue-secret", *SAY),
        ("set", "min_ac_z=5", "--because", "the password: hunter2", "--yes"),
        ("schedule", "index_symbols=planted-venue-secret", "--at", "2099-09-18T15:00", *SAY),
        ("schedule", "--withdraw", "2", "--because", "postgresql://me:hunter2@host/name"),
        ("rollback", "1", "--because", "planted-venue-secret", "--yes"),
        ("import", "mine.yaml", *SAY),
    ],
)
def test_nothing_secret_becomes_a_version(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("APCA_API_SECRET_KEY", "planted-venue-secret")
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("index_symbols: planted-venue-secret\n")
    code, told = ask(*arguments)
    assert code == 2
    assert "kept for good" in told["message"]
    assert "planted" not in told["message"]
    assert "hunter2" not in told["message"]
    assert not (tmp_path / "desk.sqlite").exists()


def test_reasons_with_brackets_are_shown_as_they_are(ask: Ask) -> None:
    ask("set", "min_ac_z=5", "--because", "[bold]why[/] [/x]", "--yes")
    page = CliRunner().invoke(app, ["params", "history"])
    assert "[bold]why[/] [/x]" in page.stdout


def test_a_change_that_is_still_to_come_is_told_beside_what_holds(ask: Ask) -> None:
    assert ask("schedule", "min_ac_z=5", "--at", "2099-09-18T15:00", *SAY)[0] == 0
    held = ask("get", "min_ac_z")[1]
    assert (held["version"], held["value"]) == (1, 4)
    coming = [{key: each[key] for key in ("version", "value")} for each in held["coming"]]
    assert coming == [{"version": 2, "value": 5}]
    assert ask("get", "slow_period")[1]["coming"] == []
    assert ask("get", "min_ac_z", "--version", "2")[1]["coming"] == []
    for words in (("get", "min_ac_z"), ("show",)):
        said = " ".join(CliRunner().invoke(app, ["params", *words]).stderr.split())
        assert "to come: min_ac_z 5 (version 2, from 2099-09-18 15:00:00 New York on)" in said


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("params", "diff", "9"), "there is no version 9, but 1 alone"),
        (("scan", "--params", "dsk"), "did you mean --params desk?"),
        (("scan", "--params", "none.yaml"), "or 'desk' for those of the desk"),
        (("scan", "--params", "{file}"), "'tradectl params export' writes one"),
    ],
)
def test_parameters_that_cannot_be_read_name_what_can(
    ask: Ask, tmp_path: Path, words: tuple[str, ...], remedy: str
) -> None:
    assert ask("history")[0] == 0
    file = tmp_path / "bad.csv"
    file.write_text("a,b\n1,2\n")
    line = [str(file) if word == "{file}" else word for word in words]
    result = CliRunner().invoke(app, [*line, "--json"])
    assert result.exit_code in (2, 4)
    assert remedy in json.loads(result.stdout)["message"]
    with pytest.raises(ConfigError, match=r"write a list, as .- \{at: 2026-09-18T10:00"):
        load_schedule(file, Parameters(), "backtest")


def test_a_command_line_that_cannot_be_read_has_its_exit_code_in_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", ["tradectl", "do", "flatten", "--json"])
    result = CliRunner().invoke(app, ["do", "flatten", "--json"])
    told = json.loads(result.stdout)
    assert (result.exit_code, told["exit_code"], told["notes"]) == (2, 2, [])
