"""Parameters from YAML files, and ``tradectl params`` with its exit codes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.parameters.file import load_parameters
from cli.main import app
from engine.domain.errors import ConfigError
from engine.domain.parameters import Parameters
from engine.domain.parameters.rows import ParameterGroup

MINE = """
# what I trade
aoHistoryBuckets: 48
no_entry_after: 15:00
trailing_stop_percent: off
use_vwap_alignment: off
index_symbols: [SPY, QQQ]
take_profit_percent: 4.50
"""


Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        file = tmp_path / "mine.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return to_file


def test_a_file_is_read_as_it_is_written(write: Write) -> None:
    found = load_parameters(write(MINE), ["take_profit_percent=5"])
    assert found.ao_history_buckets == 48
    assert (found.no_entry_after, found.trailing_stop_percent) == ("15:00", None)
    assert found.use_vwap_alignment is False
    assert found.index_symbols == ("SPY", "QQQ")
    assert found.take_profit_percent == 5


def test_no_file_and_an_empty_file_are_the_defaults(write: Write) -> None:
    assert load_parameters(None) == load_parameters(write("# nothing yet\n")) == Parameters()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("min_acz: 3\nmin_ac_z: 4", "given twice"),
        ("min_ac_z: 3\nmin_ac_z: 4", "again in line 2"),
        ("- min_ac_z", "must hold lines 'name: value'"),
        ("min_ac_z: {low: 3}", "holds keys, expected a value"),
        ("min_ac_z: [", "is no YAML"),
        ("min_ac_zz: 3", "the nearest is 'min_ac_z'"),
        ("min_ac_z:", "min_ac_z is ''"),
        ("min_ac_z: 300", "expected 0 to 20 sd"),
    ],
)
def test_a_bad_file_is_named_with_its_fault(write: Write, text: str, message: str) -> None:
    file = write(text)
    with pytest.raises(ConfigError) as raised:
        load_parameters(file)
    assert message in str(raised.value)
    assert str(file) in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no parameter file .*none\.yaml"):
        load_parameters(tmp_path / "none.yaml")


def test_show_lists_every_parameter_with_value_and_meaning(write: Write) -> None:
    result = CliRunner().invoke(app, ["params", "show", "--params", str(write(MINE)), "--json"])
    assert result.exit_code == 0
    rows = {row["name"]: row for row in json.loads(result.stdout)["parameters"]}
    assert set(rows) == set(Parameters.model_fields)
    groups = [row["group"] for row in rows.values()]
    assert [group for group, _ in itertools.groupby(groups)] == list(ParameterGroup)
    row = rows["ao_history_buckets"]
    assert (row["value"], row["default"], row["alias"]) == (48, 36, "aoHistoryBuckets")
    assert all(row["help"] and row["hot"] for row in rows.values())


@pytest.mark.parametrize("width", ["80", "160"])
def test_show_fits_the_terminal(width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", width)
    result = CliRunner().invoke(app, ["params", "show"])
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= int(width)
    assert all(name in result.stdout for name in Parameters.model_fields)


def test_check_tells_what_differs(write: Write) -> None:
    result = CliRunner().invoke(app, ["params", "check", str(write("minAcZ: 5")), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["changed"] == {"min_ac_z": 5.0}


def test_check_of_a_bad_file_exits_2_with_one_json_object(write: Write) -> None:
    result = CliRunner().invoke(app, ["params", "check", str(write("minAcQ: 5")), "--json"])
    assert result.exit_code == 2
    assert "nearest is 'min_ac_z'" in json.loads(result.stdout)["message"]


def test_schema_is_one_json_object() -> None:
    result = CliRunner().invoke(app, ["params", "schema", "--json"])
    assert result.exit_code == 0
    assert set(json.loads(result.stdout)["properties"]) == set(Parameters.model_fields)
