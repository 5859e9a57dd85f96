"""A simulator in which an afternoon is traded by a live process, both in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from engine.domain.session import session
from tests.cli.conftest import DAY, ROOT, eager, environment

STARTS = "15:30"
_KEYS = ("SIMRECORD", "simulated-secret")


class Place:
    """A simulator that begins late in the day, and a database and catalog of one run's own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder

    @property
    def spool(self) -> Path:
        """The folder of the run's spool."""
        return self.folder / "spool" / f"sim-{DAY}"

    @property
    def recorded(self) -> Path:
        """The catalog that a recorded day goes to."""
        return self.folder / "recorded"

    def live(self, *arguments: str, settings: Sequence[str] | None = None) -> subprocess.Popen[str]:
        """Start to trade, with eager settings unless others are given."""
        words = (
            *("--database", str(self.folder / "journal.sqlite"), "--catalog", str(self.recorded)),
            *("--runs", str(self.folder / "runs"), "--no-view", "--json"),
            *(eager() if settings is None else settings),
        )
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", "live", *words, *arguments],
            cwd=self.folder,
            env=environment()
            | {"TRADECTL_SIM_URL": self.url}
            | {"APCA_API_KEY_ID": _KEYS[0], "APCA_API_SECRET_KEY": _KEYS[1]},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def whole_day(self, *arguments: str, settings: Sequence[str] | None = None) -> dict[str, Any]:
        """Trade to the end of the day."""
        process = self.live(*arguments, settings=settings)
        out, err = process.communicate()
        assert process.returncode == 0, err
        return json.loads(out)

    def now(self) -> int:
        """Return the simulator's time."""
        return self._status()["now_ns"]

    def reach(self, clock: str, process: subprocess.Popen[str]) -> None:
        """Wait until a time of the day is reached by a process that must live so long; pause."""
        while self.now() < session(DAY).at(clock):
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.05)
        self.turn("pause")

    def listeners(self) -> int:
        """Return how many listen to its market data."""
        return self._status()["market_sockets"]

    def _status(self) -> dict[str, Any]:
        return httpx.get(f"{self.url}/sim/status", trust_env=False).json()

    def turn(self, what: str) -> None:
        """Pause or resume the simulator."""
        httpx.post(f"{self.url}/sim/{what}", json={}, trust_env=False).raise_for_status()


@contextmanager
def simulated(market: Path, folder: Path) -> Iterator[Place]:
    """Run a simulator on a day, in a process of its own."""
    words = ("--json", "--stepped", "--start", STARTS, "--port", "0", "--date", str(DAY))
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", "sim", "run", *words, "--catalog", str(market)],
        cwd=ROOT,
        env=environment() | {"TRADECTL_SIM_ACCOUNTS": ":".join((*_KEYS, "100000"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        try:
            yield Place(json.loads(process.stdout.readline())["url"], folder)
        finally:
            process.terminate()
