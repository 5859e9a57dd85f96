"""What others give to a run is not obeyed once it was altered; exits go on, nothing is entered."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from engine.domain.exit_codes import ExitCode
from engine.domain.facts import BracketPlanned, TradeClosed
from store import Database
from tests.cli.conftest import DAY, Tradectl
from tests.cli.live.live_place import simulated
from tests.cli.live.steered_run import HOLD, Run
from tests.cli.test_session import hosted
from tests.forked_processes import ForkedProcesses

_HEAD = "update runs set head_hash = 'f00' where run_id = '{}'"


_AT_A_START = ("--set=bucket_seconds=15",)
"""What the desk takes between two sessions alone, and so not at any hour of a test."""


def _altered(database: str, run_id: str) -> None:
    with Database(database).connect() as connection, connection.begin():
        assert connection.exec_driver_sql(_HEAD.format(run_id)).rowcount == 1


@pytest.mark.parametrize("at_a_start", [False, True])
def test_a_live_run_goes_on_without_commands_and_parameters_that_were_altered(
    nursery: ForkedProcesses,
    small_market: Path,
    tmp_path: Path,
    tradectl: Tradectl,
    *,
    at_a_start: bool,
) -> None:
    with simulated(nursery, small_market, tmp_path, start="09:45") as place:
        database = "--database", place.database
        place.turn("pause")
        given = ("--because", "test", "--who", "ann", "--yes", "--step-up")
        values = [word.removeprefix("--set=") for word in HOLD if word not in _AT_A_START]
        made = tradectl("params", "set", *values, *given, *database)
        assert made.code == 0, made.err
        run = Run(place, place.live(settings=()))
        run.until(lambda: place.logged("subscribed") or place.listeners())
        run.with_a_position()
        locked = tradectl("do", "lock", "ZZZ", "--yes", "--timeout", "0.2", *database)
        assert locked.code == ExitCode.UNAVAILABLE, locked.err
        if at_a_start:
            run.process.kill()
            run.process.communicate()
        planned = len(run.of(BracketPlanned))
        _altered(place.database, f"{place.run_id}/commands")
        _altered(place.database, "parameters")
        if at_a_start:
            run = Run(place, place.live(settings=()))
        run.on_until(lambda: {"commands", "parameters"} <= run.wrong())
        assert place.logged("the commands of")
        refused = tradectl("do", "flatten", "all", "--yes", *database)
        assert refused.code == ExitCode.QUARANTINED
        assert "flatten by hand at the broker" in refused.err
        run.flat()
        assert run.of(TradeClosed)
        run.process.send_signal(signal.SIGINT)
        place.turn("resume")
        out, err = run.process.communicate()
        assert run.process.returncode == ExitCode.QUARANTINED, err
        assert "expected the last hash to be f00" in json.loads(out)["broken"]
        assert "entries were held: " in err
        if at_a_start:
            assert "what the run holds is managed as it was" in err
            assert len(run.of(BracketPlanned)) == planned
        again = place.live(settings=())
        _, err = again.communicate()
        assert again.returncode == ExitCode.QUARANTINED, err


def test_a_session_ends_over_commands_that_were_altered(
    nursery: ForkedProcesses, market: Path, tmp_path: Path, tradectl: Tradectl
) -> None:
    database = str(tmp_path / "facts.sqlite")
    with hosted(nursery, market, database, tmp_path, "--speed", "100") as host:
        patient = ("--timeout", "120", "--database", database)
        while (given := tradectl("do", "pause", "--yes", *patient)).code:
            assert host.poll() is None, host.communicate()
            assert given.code != ExitCode.QUARANTINED, given.err
        _altered(database, f"session-{DAY}/commands")
        out, err = host.communicate()
        assert host.returncode == ExitCode.QUARANTINED, err
        assert json.loads(out)["error"] == "CommandsBroken"
