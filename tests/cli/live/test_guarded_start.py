"""A start waits for a venue that is down, and guards what is held before all it missed is known."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from catalog import Catalog
from catalog.synth import synthesize
from cli.terminal.output import INTERRUPTED
from engine.domain.commands import Pause
from engine.domain.facts import Channel, CommandReceived
from store import CommandLog, Journals
from tests.cli.conftest import DAY
from tests.cli.held_requests import HISTORY, HeldRequests
from tests.cli.live.live_place import Place, simulated
from tests.forked_processes import Child, ForkedProcesses

_A_FEW_PRINTS = 2_000
_CAUGHT_UP = "the issue with warm-up is over"
_STREAMS = (b"GET /v2/sip", b"GET /stream")
_GUARDED, _GIVEN_UP = "what is held is guarded meanwhile", "it is not waited for"
_ORDERS_COME, _FEED_COMES = "the issue with orders is over", "the issue with feed is over"


@pytest.fixture(scope="module")
def venue(nursery: ForkedProcesses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Yield a simulator that runs, and a place to trade it from."""
    folder = tmp_path_factory.mktemp("venue")
    market = folder / "catalog"
    synthesize(Catalog(str(market)), DAY, symbols=30, trades=60_000, seed=11, quotes=True)
    with simulated(nursery, market, folder, start="09:50", pace=("--speed", "10")) as place:
        yield place


def test_the_guardian_is_at_work_while_a_restart_waits_for_history(
    nursery: ForkedProcesses, venue: Place
) -> None:
    with ExitStack() as ends:
        process = venue.live()
        ends.callback(process.kill)
        venue.wait(process, lambda: _heard_bytes(venue.spool) > _A_FEW_PRINTS)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        with HeldRequests(venue.port, HISTORY) as held:
            place = Place(nursery, held.url, venue.folder)
            process = place.live()
            ends.callback(process.kill)
            place.wait(process, held.asked.is_set)
            _pause(place, process)
            assert not place.logged(_CAUGHT_UP)
            held.release()
            place.wait(process, lambda: place.logged(_CAUGHT_UP))
            process.send_signal(signal.SIGINT)
            process.communicate()
            assert process.returncode == INTERRUPTED


@pytest.mark.parametrize("status", ["500 Internal Server Error", "429 Too Many Requests"])
def test_a_venue_that_fails_is_waited_for_and_guarded_before_its_streams_come(
    nursery: ForkedProcesses, venue: Place, tmp_path: Path, status: str
) -> None:
    with HeldRequests(venue.port, *_STREAMS) as between, ExitStack() as ends:
        between.status = status
        place = Place(nursery, between.url, tmp_path)
        process = place.live("--wait-secs", "600")
        ends.callback(process.kill)
        place.wait(process, lambda: place.logged("waiting up to"))
        assert place.logged(f"HTTP {status[:3]}")
        between.status = ""
        place.wait(process, lambda: place.logged("it answers again"))
        place.wait(process, between.asked.is_set)
        _pause(place, process)
        guarded, given_up, _ = place.log.read_text().partition(_GIVEN_UP)
        assert _GUARDED in guarded, given_up
        assert not place.logged(_ORDERS_COME)
        assert not place.logged(_FEED_COMES)
        between.release()
        place.wait(process, lambda: place.logged(_ORDERS_COME))
        place.wait(process, lambda: place.logged(_FEED_COMES))
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate()
        assert process.returncode == INTERRUPTED, said
        assert "waiting up to" in said
        assert "Traceback" not in said


def _pause(place: Place, process: Child) -> None:
    """Give a command, and wait until it was taken: the guardian takes them on its beats."""
    place.wait(process, lambda: place.run_id in _runs(place))
    log = CommandLog(Journals(place.database), place.run_id)
    log.give(
        CommandReceived(
            command_id="c1",
            command=Pause(),
            who="ann",
            source="test",
            channel=Channel.COMMAND_LOG,
            stepped_up=False,
        )
    )
    place.wait(process, lambda: _is_received(place))


def _runs(place: Place) -> list[str]:
    return [run.run_id for run in Journals(place.database).runs()]


def _heard_bytes(spool: Path) -> int:
    return sum(path.stat().st_size for path in spool.glob("*.trades-*"))


def _is_received(place: Place) -> bool:
    return any(isinstance(fact.payload, CommandReceived) for fact in place.facts())
