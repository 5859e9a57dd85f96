"""A simulator that can be killed and started again where it was."""

from __future__ import annotations

import json
import signal
from datetime import date
from pathlib import Path
from typing import Self

from tests.forked_processes import Child, ForkedProcesses
from tests.resume.venue import CASH, KEYS, Venue


class Simulator:
    """A simulator with a state, at one address through all its lives.

    Parameters
    ----------
    words : sequence of str
        Of ``tradectl sim run``, without port, date, catalog and state.
    state : Path
        File of its state.

    Attributes
    ----------
    venue : Venue
        How it is asked; good for every life.
    kills : int
        How often it was killed.
    """

    def __init__(
        self, nursery: ForkedProcesses, market: Path, day: date, state: Path, *words: str
    ) -> None:
        self.state = state
        self.kills = 0
        self._nursery = nursery
        self._words = [*("--date", str(day), "--catalog", str(market)), *words]
        self._child: Child | None = None
        self._port = "0"
        self.start()

    def start(self, *, wait: bool = True) -> None:
        """Start it with what is kept of its state; wait until it answers, or let it be starting."""
        words = ["sim", "run", "--json", "--port", self._port, "--state", str(self.state)]
        added = {"TRADECTL_SIM_ACCOUNTS": ":".join((*KEYS, CASH))}
        child = self._nursery.child([*words, *self._words], added, self.state.parent)
        self._child = child
        if wait:
            said = child.first_line()
            assert said, child.communicate()[1]
            url = json.loads(said)["url"]
            if self._port == "0":
                self._port = url.rpartition(":")[2]
                self.venue = Venue(url)

    def kill(self) -> None:
        """Kill it, whatever it does."""
        assert self._child is not None
        self._child.kill()
        assert self._child.wait() == -signal.SIGKILL
        self.kills += 1

    def again(self, *, forgets: bool = False) -> None:
        """Kill it and start it again, with its state or without."""
        self.kill()
        if forgets:
            self.state.unlink()
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.venue.close()
        if self._child is not None:
            self._child.kill()
            self._child.wait()
