"""``tradectl catalog synth`` and its exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer
from typer.testing import CliRunner

from cli.catalog.synth import synth

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer()
app.command()(synth)


def run(catalog: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments, "--catalog", str(catalog)])
    return result.exit_code, result.stdout


def test_json_is_one_object_that_says_what_was_made(tmp_path: Path) -> None:
    code, output = run(tmp_path, "2026-09-18", "--symbols", "5", "--trades", "2000", "--json")
    made = json.loads(output)
    assert code == 0
    assert made["recipe"]["day"] == "2026-09-18"
    assert made["trades"] >= 2_000
    assert made["quotes"] > 0
    assert made["was_stored"] is False


def test_the_page_says_when_the_day_was_there(tmp_path: Path) -> None:
    arguments = ("2026-09-18", "--symbols", "5", "--trades", "2000", "--no-quotes")
    assert "0 quotes of 5 symbols" in run(tmp_path, *arguments)[1]
    code, output = run(tmp_path, *arguments)
    assert code == 0
    assert "is stored" in output


def test_a_holiday_names_the_next_session(tmp_path: Path) -> None:
    code, output = run(tmp_path, "2026-07-03", "--json")
    assert code == 2
    assert "2026-07-06" in json.loads(output)["message"]
    assert not list(tmp_path.iterdir())


def test_other_data_under_the_date_is_a_usage_error(tmp_path: Path) -> None:
    run(tmp_path, "2026-09-18", "--symbols", "5", "--trades", "2000")
    code, output = run(tmp_path, "2026-09-18", "--symbols", "6", "--trades", "2000", "--json")
    assert code == 2
    assert "--replace" in json.loads(output)["message"]
