"""What is changed at the parameter desk holds in a live run from the next bucket on."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from catalog import Catalog
from engine.domain.facts import BracketPlanned, CommandRefused, Fact, ParamsChanged
from engine.domain.parameters.versions import desk_history
from engine.domain.session import session
from engine.signals import scan
from tests.cli.conftest import DAY, EAGER, Tradectl
from tests.cli.live.live_place import simulated
from tests.forked_processes import ForkedProcesses

_LOOKED_SECS = 1.1
"""After it a live process looks at the desk again."""


def test_a_live_run_goes_along_with_the_parameter_desk(
    nursery: ForkedProcesses, market: Path, tmp_path: Path, tradectl: Tradectl
) -> None:
    with simulated(nursery, market, tmp_path, start="15:30") as place:
        database = "--database", place.database

        def change(*values: str) -> int:
            told = "--because", "test", "--who", "ann", "--yes", "--step-up", "--json"
            answered = tradectl("params", "set", *values, *database, *told)
            assert answered.code == 0, answered.err
            time.sleep(_LOOKED_SECS)
            return answered.json["effective_ns"]

        place.turn("pause")
        in_force = change(*EAGER, "no_entry_after=15:54")
        while time.time_ns() <= in_force:  # a run that began before would be told of it, too
            time.sleep(0.05)
        with place.live(settings=()) as process:
            place.reach("15:34", process)
            change("min_ac_z=1.6", "max_hold_seconds=120")
            place.reach("15:38", process)
            change("fast_period=6")
            place.reach("15:40", process)
            process.send_signal(signal.SIGINT)
            place.turn("resume")
            process.communicate()
        while place.listeners():
            time.sleep(0.05)
        with place.live(settings=("--set", "min_ac_z=3")) as process:
            assert "started with other parameters" in process.communicate()[1]
        end = place.whole_day("--record", settings=())

    facts = place.facts()
    versions = [fact.payload for fact in facts if isinstance(fact.payload, ParamsChanged)]
    assert [(each.version, each.who) for each in versions] == [(1, "live"), (2, "ann"), (3, "ann")]
    (refused,) = [fact.payload for fact in facts if isinstance(fact.payload, CommandRefused)]
    assert refused.reason.startswith("needs_restart: fast_period")
    plans = [fact.payload for fact in facts if isinstance(fact.payload, BracketPlanned)]
    assert plans
    assert all(plan.params_version == _version_at(plan.candidate_ts, facts) for plan in plans)

    history = desk_history(fact.payload for fact in facts)
    assert history is not None
    first, changes = history.shaping_day(session(DAY))
    assert len(changes) == 2
    known = scan(Catalog(str(place.recorded)), DAY, first, changes=changes)
    assert end["scan_digest"] == known.digest()


def _version_at(ts: int, facts: list[Fact]) -> int:
    history = desk_history(fact.payload for fact in facts)
    assert history is not None
    return history.in_force(ts).version
