"""A live run on a tape that breaks in one way after another: entries are held for as long."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.terminal.output import INTERRUPTED
from engine.domain.facts import BracketPlanned, EntriesHeld, EntriesReleased
from engine.domain.session import NANOS_PER_SECOND
from tests.cli.conftest import eager
from tests.cli.live.live_facts import LiveFacts
from tests.cli.live.live_place import Place, Process, simulated
from tests.forked_processes import ForkedProcesses

_PACE = ("--speed", "20")
_LAG = ("--set", "max_lag_seconds=10")
"""What frames take through a busy machine is, at this speed, many seconds of the market."""


class _Broken:
    """A run, and what it has told of its tape."""

    def __init__(self, place: Place, process: Process) -> None:
        self.place = place
        self.process = process
        self.facts = LiveFacts(place)

    def holds(self, *issues: str) -> None:
        """Wait until issues hold entries."""
        self.place.wait(self.process, lambda: set(issues) <= self.facts.wrong())

    def is_over(self, *issues: str) -> None:
        """Wait until issues hold nothing any more."""
        self.place.wait(self.process, lambda: not set(issues) & self.facts.wrong())


@pytest.fixture
def run(nursery: ForkedProcesses, market: Path, tmp_path: Path) -> Iterator[_Broken]:
    """Yield a run that has heard the tape for two minutes."""
    with simulated(nursery, market, tmp_path, start="09:50", pace=_PACE) as place:
        settings = [*eager(), *_LAG, "--set", "stale_feed_seconds=5"]
        process = place.live(settings=settings)
        try:
            place.wait(process, lambda: place.logged("the issue with feed is over"))
            heard_from = place.now()
            minutes = 120 * NANOS_PER_SECOND
            place.wait(process, lambda: place.now() > heard_from + minutes)
            yield _Broken(place, process)
        finally:
            process.kill()
            process.communicate()


def test_each_way_in_which_a_tape_breaks_holds_entries_and_its_end_releases_them(
    run: _Broken,
) -> None:
    place = run.place
    place.strike(repeat_frames=True)
    run.holds("repeated prints")
    place.strike(repeat_frames=False)
    run.is_over("repeated prints")

    names = sorted(asset["symbol"] for asset in place.asked("/v2/assets"))
    place.strike(mute_symbols=names[: round(0.9 * len(names))])
    run.holds("thin tape")
    place.strike(mute_symbols=[])
    run.is_over("thin tape")

    place.turn("pause")  # the venue's time stands still, and the host's goes on
    paused_at = place.now()
    run.holds("frozen tape")
    assert run.facts.held("frozen tape")[-1].ts_event > paused_at + 5 * NANOS_PER_SECOND
    place.wait(run.process, lambda: place.logged("connected but mute"))
    place.turn("resume")
    run.is_over("frozen tape")
    run.holds("late prints")
    place.steer("chaos/strike", what="drop")  # with the connection the clock is looked at
    run.holds("venue clock")
    run.is_over("late prints", "venue clock")

    step_ns = 600 * NANOS_PER_SECOND
    place.steer("step", span_ns=step_ns)
    run.holds("future prints")
    assert not run.facts.released("future prints")
    run.process.send_signal(signal.SIGINT)
    out, err = run.process.communicate()
    assert run.process.returncode == INTERRUPTED, err
    first = json.loads(out)["health"][0]
    assert first["light"] == "red"
    assert "Traceback" not in err + place.log.read_text()
    _nothing_was_entered_while_held(run)


def _nothing_was_entered_while_held(run: _Broken) -> None:
    held: set[str] = set()
    for fact in run.place.facts():
        if isinstance(fact.payload, EntriesHeld):
            held.add(fact.payload.trouble)
        elif isinstance(fact.payload, EntriesReleased):
            held.discard(fact.payload.trouble)
        else:
            assert not (isinstance(fact.payload, BracketPlanned) and held)
