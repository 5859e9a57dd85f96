"""Beside the scenes of two hubs: one that trades, one that stands by, and what each has sent."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psycopg

from engine.domain.exit_codes import ExitCode
from tests.cli.live.live_place import Place, simulated
from tests.forked_processes import Child, ForkedProcesses
from tests.resume.killed_day import LOOSE
from tests.resume.oracle import Trade, Wire, sent_twice, trades
from tests.resume.relay import Relay, Said
from tests.resume.wire import Wire as DatabaseWire
from tests.servers import Postgres

SETTINGS = tuple(
    f"--set={each}"
    for each in (
        *LOOSE,
        "take_profit_percent=9",
        "stop_loss_percent=8",
        "trailing_stop_percent=8",
        "max_hold_seconds=100",
    )
)
"""Much is entered, and held for some time: at the pace, five seconds."""

SPEED = 20
"""Times real time."""

_PACE = ("--speed", str(SPEED), "--requests", str(200 * SPEED), "--paused")


_PATIENCE_SECS = 120.0
"""For the end of a process that is about to end."""


@dataclass
class Hub:
    """A process of ``tradectl live``, and what it says to the venue."""

    process: Child
    relay: Relay

    @property
    def sent(self) -> int:
        """How many requests it has sent that change an order."""
        return self.relay.counts[Said.REQUEST]

    def stop(self) -> None:
        """Stop it, as a machine that is suspended is; its sockets are given up by the venue."""
        os.kill(self.process.pid, signal.SIGSTOP)
        self.relay.hang_up()

    def wake(self) -> None:
        """Let it go on."""
        os.kill(self.process.pid, signal.SIGCONT)


class Lease(NamedTuple):
    """A lease: which process of the run has it, whether that has heard of a standby."""

    epoch: int
    is_fenced: bool
    has_standby: bool


class TwoHubs:
    """A simulator and a database server, and hubs of one run."""

    def __init__(self, place: Place, wire: DatabaseWire, stack: ExitStack) -> None:
        self.place = place
        self.wire = wire
        self._stack = stack

    def start(self, *words: str) -> Hub:
        """Start a hub, which reaches the venue through a relay of its own."""
        relay = self._stack.enter_context(Relay())
        relay.open(self.place.port)
        process = self.place.live(*words, settings=SETTINGS, TRADECTL_SIM_URL=relay.url)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return Hub(process, relay)

    def lease(self) -> Lease:
        """Return how the run's lease stands."""
        query = "select epoch, fenced, standby is not null from leases"
        database = self.place.database
        with suppress(psycopg.errors.UndefinedTable), psycopg.connect(database) as connection:
            if (row := connection.execute(query).fetchone()) is not None:
                return Lease(*row)
        return Lease(-1, is_fenced=False, has_standby=False)

    def pair(self, *words: str) -> tuple[Hub, Hub]:
        """Start a hub and its standby, and wait until the hub has said that it heard of that."""
        standby, hub = self.start("--standby"), self.start(*words)
        self.place.wait(hub.process, lambda: self.place.listeners() and self.lease().is_fenced)
        return hub, standby

    def until_taken(self, standby: Hub) -> None:
        """Wait until a standby has claimed the run."""
        self.place.wait(standby.process, lambda: self.lease().epoch == 1)

    def ended(self, hub: Hub) -> str:
        """Return what a hub that has lost its run said when it had ended."""
        _, err = hub.process.communicate(_PATIENCE_SECS)
        assert hub.process.returncode == ExitCode.UNAVAILABLE, err
        return err

    def orders(self, nested: str = "false") -> list[Wire]:
        """Return all orders as the venue has them."""
        found = self.place.asked(f"/v2/orders?status=all&limit=500&nested={nested}")
        assert len(found) < 500
        return found

    def trades(self) -> list[Trade]:
        """Return all trades as the venue has them; nothing was sent twice."""
        orders = self.orders()
        assert sent_twice(orders) == {}
        fills = self.place.asked("/v2/account/activities/FILL?direction=asc&page_size=100")
        assert len(fills) < 100
        return trades(orders, self.orders(nested="true"), fills)


@contextmanager
def two_hubs(
    postgres: Postgres, nursery: ForkedProcesses, market: Path, folder: Path
) -> Iterator[TwoHubs]:
    """Run a simulator whose time stands, and let hubs of one run be started."""
    with ExitStack() as stack:
        (sockets := folder / "wire").mkdir()
        database = postgres.new_database()
        wire = stack.enter_context(DatabaseWire(database, sockets))
        paced = simulated(nursery, market, folder, start="09:50", database=database, pace=_PACE)
        place = stack.enter_context(paced)
        yield TwoHubs(place, wire, stack)
