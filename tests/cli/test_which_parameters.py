"""A recorded day goes by the defaults or by the parameter desk, and says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.parameters.desk import RUN_ID
from engine.domain.facts import ParamsChanged
from engine.domain.parameters import Parameters, parameters_from
from engine.domain.parameters.changes import open_desk, propose
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import session
from store import Journals
from tests.cli.conftest import DAY
from tests.forked_processes import ForkedProcesses

NOON = session(DAY).at("12:00")


@pytest.fixture
def desk(tmp_path: Path) -> str:
    """Return a database at whose desk ``min_ac_z`` is 3 and ``vol_floor`` 500 since a past day."""
    database = str(tmp_path / "desk.sqlite")
    first = open_desk(Parameters(), NOON, "ann", "the defaults")
    values = {"min_ac_z": 3, "vol_floor": 500}
    history = ParameterHistory(Parameters())
    second = propose(history, values, base=1, now=NOON, who="ann", because="calmer")
    assert isinstance(second, ParamsChanged)
    with Journals(database).start(RUN_ID) as journal:
        for payload in (first, second):
            journal.append(payload, ts_event=NOON, ts_init=NOON)
    return database


def test_a_scan_says_which_parameters_it_goes_by_and_takes_those_of_the_desk(
    nursery: ForkedProcesses, market: Path, tmp_path: Path, desk: str
) -> None:
    def scan(*more: str) -> tuple[str, str]:
        words = ("scan", "--catalog", market, "--json", *more)
        answer = nursery.answer(words, {"TRADECTL_DATABASE": desk}, tmp_path)
        assert answer.code == 0, answer.err
        assert answer.json["date"] == str(DAY)  # the last that is stored
        return answer.json["params_hash"], " ".join(answer.err.split())

    params_hash, said = scan()
    assert params_hash == Parameters().params_hash()
    assert "has other values: min_ac_z 3, vol_floor 500; to take those: --params desk" in said
    params_hash, said = scan("--set", "min-ac-z=5")
    assert "has other values: vol_floor 500;" in said
    params_hash, said = scan("--params", "desk", "--set", "vol_floor=700")
    expected = parameters_from({"min_ac_z": 3, "vol_floor": 700})
    assert params_hash == expected.params_hash()
    assert "other values" not in said
    Path(desk).write_bytes(b"no database")
    params_hash, said = scan()
    assert params_hash == Parameters().params_hash()
    assert "the parameter desk cannot be read, the defaults hold here" in said


def test_the_command_names_its_versions_and_helps_by_its_short_option(
    nursery: ForkedProcesses, tmp_path: Path
) -> None:
    shown = nursery.answer(("--version",), {}, tmp_path)
    assert (shown.code, shown.out.split()[0::2]) == (0, ["tradectl", "nautilus_trader"])
    for words in ((), ("scan",), ("runs", "list")):
        asked, spelled = (nursery.answer((*words, each), {}, tmp_path) for each in ("-h", "--help"))
        assert asked.out == spelled.out
        assert "Usage: " in asked.out
