"""A run that is taken up again is guarded before all that it missed is known."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from pathlib import Path

from catalog import Catalog
from catalog.synth import synthesize
from cli.output import INTERRUPTED
from engine.domain.commands import Pause
from engine.domain.facts import Channel, CommandReceived
from store import CommandLog, Journals
from tests.cli.conftest import DAY
from tests.cli.held_history import HeldHistory
from tests.cli.live_place import Place, simulated
from tests.nursery import Nursery

_A_FEW_PRINTS = 2_000
_CAUGHT_UP = "the trouble with warm-up is over"


def test_the_guardian_is_at_work_while_a_restart_waits_for_history(
    nursery: Nursery, tmp_path: Path
) -> None:
    market = tmp_path / "catalog"
    synthesize(Catalog(str(market)), DAY, symbols=30, trades=60_000, seed=11, quotes=True)
    with (
        simulated(nursery, market, tmp_path, start="09:50", pace=("--speed", "10")) as venue,
        ExitStack() as ends,
    ):
        process = venue.live()
        ends.callback(process.kill)
        venue.wait(process, lambda: _heard_bytes(venue.spool) > _A_FEW_PRINTS)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        with HeldHistory(venue.port) as held:
            place = Place(nursery, held.url, tmp_path)
            process = place.live()
            ends.callback(process.kill)
            place.wait(process, held.asked.is_set)
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
            assert not place.logged(_CAUGHT_UP)
            held.release()
            place.wait(process, lambda: place.logged(_CAUGHT_UP))
            process.send_signal(signal.SIGINT)
            process.communicate()
            assert process.returncode == INTERRUPTED


def _heard_bytes(spool: Path) -> int:
    return sum(path.stat().st_size for path in spool.glob("*.trades-*"))


def _is_received(place: Place) -> bool:
    return any(isinstance(fact.payload, CommandReceived) for fact in place.facts())
