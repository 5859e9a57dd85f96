"""A start waits for a venue that is down, and guards what is held before all it missed is known."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from app.runs.hosted_run import hosted_run
from catalog import Catalog
from catalog.synth import synthesize
from cli.terminal.output import INTERRUPTED
from engine.domain.commands import Pause
from engine.domain.errors import ConfigError
from engine.domain.exit_codes import ExitCode
from engine.domain.facts import Channel, CommandReceived, DayStarted
from engine.domain.session import session
from store import CommandLog, Journals, RunStatus
from tests.cli.conftest import DAY
from tests.cli.held_requests import HISTORY, HeldRequests
from tests.cli.live.live_place import Place, simulated
from tests.forked_processes import Child, ForkedProcesses

_A_FEW_PRINTS = 2_000
_CAUGHT_UP = "the issue with warm-up is over"
_STREAMS = (b"GET /v2/sip", b"GET /stream")
_GUARDED, _GIVEN_UP = "what is held is guarded meanwhile", "it is not waited for"
_ORDERS_COME, _FEED_COMES = "the issue with orders is over", "the issue with feed is over"

_PAUSED = CommandReceived(
    command_id="c1",
    command=Pause(),
    who="ann",
    source="test",
    channel=Channel.COMMAND_LOG,
    stepped_up=False,
)


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


def test_a_start_that_fails_leaves_no_run_to_resume_but_one_that_was_under_way(
    nursery: ForkedProcesses, venue: Place, tmp_path: Path
) -> None:
    place = Place(nursery, venue.url, tmp_path)
    misfit = ("--strategy", "reversion", "--set", "reversion.stop_loss_percent=9")
    with place.live(*misfit) as process:
        _, said = process.communicate()
    assert (process.returncode, "strategy reversion, with" in said) == (ExitCode.CONFIG, True)
    journals = Journals(place.database)
    assert journals.runs() == []

    def fails(name: str, *, reached: bool = False, given: bool = False) -> None:
        with pytest.raises(ConfigError, match="late"):
            _failing(journals, name, reached=reached, given=given)

    fails("one")
    assert journals.runs() == []
    fails("two", reached=True)
    fails("three", given=True)
    left = {run.run_id for run in journals.runs() if run.status is RunStatus.INTERRUPTED}
    assert left == {"two", "three"}


def _failing(journals: Journals, name: str, *, reached: bool, given: bool) -> None:
    hosting = hosted_run(journals, name, lambda *_: None, resumable=(BaseException,))
    with hosting as run:
        opens = session(DAY).pre_market_ns
        started = DayStarted(str(DAY), "", Decimal(100_000))
        run.journal.append(started, ts_event=opens, ts_init=opens)
        if given:
            run.log.give(_PAUSED)
        run.is_under_way = reached
        raise ConfigError("late")


def _pause(place: Place, process: Child) -> None:
    """Give a command, and wait until it was taken: the guardian takes them on its beats."""
    place.wait(process, lambda: place.run_id in _runs(place))
    log = CommandLog(Journals(place.database), place.run_id)
    log.give(_PAUSED)
    place.wait(process, lambda: _is_received(place))


def _runs(place: Place) -> list[str]:
    return [run.run_id for run in Journals(place.database).runs()]


def _heard_bytes(spool: Path) -> int:
    return sum(path.stat().st_size for path in spool.glob("*.trades-*"))


def _is_received(place: Place) -> bool:
    return any(isinstance(fact.payload, CommandReceived) for fact in place.facts())
