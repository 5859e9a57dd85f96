"""A simulator in a process of its own, and a place from which a user trades it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from engine.domain.facts import Fact
from engine.domain.session import session
from serving import control_headers
from store import Journals
from tests.cli.conftest import DAY, eager
from tests.forked_processes import ROOT, Child, ForkedProcesses, environment

KEYS = ("SIMRECORD", "simulated-secret")
_PATIENCE_SECS = 120.0

type Process = Child | subprocess.Popen[str]


class Place:
    """A simulator, and a database and catalog of one run's own.

    Parameters
    ----------
    nursery : ForkedProcesses
        Forks its live processes.
    url : str
        Of the simulator.
    database : str
        By default a file in the folder.
    """

    def __init__(
        self, nursery: ForkedProcesses, url: str, folder: Path, database: str = ""
    ) -> None:
        self.nursery = nursery
        self.url = url
        self.folder = folder
        self.database = database or str(folder / "journal.sqlite")

    @property
    def port(self) -> int:
        """Where the simulator listens."""
        return int(self.url.rpartition(":")[2])

    @property
    def run_id(self) -> str:
        """The name a run has when nobody gives it one."""
        return f"sim-{DAY}"

    @property
    def spool(self) -> Path:
        """The folder of the run's spool."""
        return self.folder / "spool" / self.run_id

    @property
    def recorded(self) -> Path:
        """The catalog that a recorded day goes to."""
        return self.folder / "recorded"

    @property
    def verdicts(self) -> Path:
        """Why, and why not, as the run writes it down."""
        return self.folder / "runs" / f"{self.run_id}.verdicts.jsonl"

    @property
    def log(self) -> Path:
        """What the live process writes down."""
        return self.folder / "live.log"

    def live(self, *arguments: str, settings: Sequence[str] | None = None, **secrets: str) -> Child:
        """Start to trade, with the account's keys or others, eagerly or with given settings."""
        words = self._words(arguments, settings)
        return self.nursery.child(words, self._added(secrets), self.folder)

    def cold_live(
        self, *arguments: str, settings: Sequence[str] | None = None, **secrets: str
    ) -> subprocess.Popen[str]:
        """Start to trade as a shell would: the process has arguments of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", *self._words(arguments, settings)],
            cwd=self.folder,
            env=environment() | self._added(secrets),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _words(self, arguments: Sequence[str], settings: Sequence[str] | None) -> list[str]:
        return [
            *("--log-file", str(self.log), "live"),
            *("--database", self.database, "--catalog", str(self.recorded)),
            *("--runs", str(self.folder / "runs"), "--no-view", "--json"),
            *(eager() if settings is None else settings),
            *arguments,
        ]

    @property
    def secrets(self) -> dict[str, str]:
        """The environment of whoever trades here."""
        return self._added({})

    def _added(self, secrets: Mapping[str, str]) -> dict[str, str]:
        keys = {"APCA_API_KEY_ID": KEYS[0], "APCA_API_SECRET_KEY": KEYS[1]}
        return {"TRADECTL_SIM_URL": self.url, **keys, **secrets}

    def whole_day(self, *arguments: str, settings: Sequence[str] | None = None) -> dict[str, Any]:
        """Trade to the end of the day."""
        return self.ended(self.live(*arguments, settings=settings))

    def ended(self, process: Child) -> dict[str, Any]:
        """Wait until a process has traded to the end of the day."""
        out, err = process.communicate()
        assert process.returncode == 0, err
        return json.loads(out)

    def wait(self, process: Process, is_so: Callable[[], object]) -> None:
        """Wait until something is so, while a process trades."""
        deadline = time.monotonic() + _PATIENCE_SECS
        while not is_so():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def reach(self, clock: str, process: Process) -> None:
        """Let time, which stands, go on to an instant of the day and stand there again."""
        at = session(DAY).at(clock)
        self.steer("pause", at=at)
        self.turn("resume")
        self.wait(process, lambda: self.status()["paused"])
        assert self.now() == at

    def logged(self, words: str) -> bool:
        """Say whether the live process has written something down."""
        return self.log.exists() and words in self.log.read_text()

    def facts(self) -> list[Fact]:
        """Return what the run has recorded."""
        return list(Journals(self.database).open(self.run_id).facts())

    def now(self) -> int:
        """Return the simulator's time."""
        return self.status()["now_ns"]

    def listeners(self) -> int:
        """Return how many listen to its market data."""
        return self.status()["market_sockets"]

    def turn(self, what: str) -> None:
        """Pause or resume the simulator."""
        self.steer(what)

    def strike(self, **switches: object) -> None:
        """Let things go wrong."""
        self.steer("chaos", **switches)

    def steer(self, what: str, /, **said: object) -> Any:
        """Do something by hand that a broker or an exchange does; return what it is now."""
        headers = control_headers(self.url)
        answer = httpx.post(f"{self.url}/sim/{what}", json=said, headers=headers, trust_env=False)
        return answer.raise_for_status().json()

    def asked(self, path: str) -> Any:
        """Return what the account's owner is answered."""
        keys = {"APCA-API-KEY-ID": KEYS[0], "APCA-API-SECRET-KEY": KEYS[1]}
        answer = httpx.get(f"{self.url}{path}", headers=keys, trust_env=False)
        return answer.raise_for_status().json()

    def does(self, method: str, path: str, /, **said: object) -> Any:
        """Do something by hand that the account's owner does; return what is answered."""
        keys = {"APCA-API-KEY-ID": KEYS[0], "APCA-API-SECRET-KEY": KEYS[1]}
        url = f"{self.url}{path}"
        answer = httpx.request(method, url, json=said or None, headers=keys, trust_env=False)
        return answer.raise_for_status().content

    def status(self) -> dict[str, Any]:
        """Return how the simulator stands."""
        return httpx.get(
            f"{self.url}/sim/status", headers=control_headers(self.url), trust_env=False
        ).json()


@contextmanager
def simulated(
    nursery: ForkedProcesses,
    market: Path,
    folder: Path,
    *,
    start: str,
    database: str = "",
    pace: tuple[str, ...] = ("--stepped",),
    plan: str = "",
    port: int = 0,
) -> Iterator[Place]:
    """Run a simulator on a day from some minute on, in a process of its own.

    On a port of an earlier one it goes on where that was killed.
    """
    words = ("--json", *pace, "--start", start, "--port", str(port), "--date", str(DAY))
    words = (*words, "--state", str(folder / "simulator.state"))
    account = ":".join((*KEYS, "100000", *((plan,) if plan else ())))
    words = ("sim", "run", *words, "--catalog", str(market))
    with nursery.child(words, {"TRADECTL_SIM_ACCOUNTS": account}, ROOT) as process:
        try:
            line = process.first_line()
            assert line, process.communicate()[1]
            yield Place(nursery, json.loads(line)["url"], folder, database)
        finally:
            process.kill()
