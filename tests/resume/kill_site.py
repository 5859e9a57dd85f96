"""A live process, its simulator and its database server, each to be killed."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable
from pathlib import Path
from threading import Thread

import psycopg
from sqlalchemy import make_url

from cli.terminal.output import INTERRUPTED
from engine.domain.errors import JournalError
from engine.domain.exit_codes import ExitCode
from engine.domain.facts import EntriesHeld, EntriesReleased, Fact
from store import Database, Journals
from tests.cli.conftest import DAY
from tests.forked_processes import ROOT, Child, ForkedProcesses
from tests.resume.held_fact import HeldFact
from tests.resume.kill_plan import FACT, SPAWNED, Moment, Part
from tests.resume.relay import Relay, Said
from tests.resume.venue import CASH, KEYS, Venue, until
from tests.servers import Postgres

RUN = "killed"
_MOST_RESTARTS = 20
"""Of one day, of starts that could not reach something."""


class Site:
    """The three processes of one day, and what stands between them.

    Parameters
    ----------
    pace : sequence of str
        Options of the simulator: how its time goes.
    settings : iterable of str
        Parameters of the run.
    """

    def __init__(
        self,
        server: Postgres,
        nursery: ForkedProcesses,
        relay: Relay,
        market: Path,
        folder: Path,
        *,
        pace: tuple[str, ...],
        settings: Iterable[str],
        seed: int,
    ) -> None:
        self.folder = folder
        self.server = server
        self.relay = relay
        self.is_stepped = "--stepped" in pace
        self.database = server.new_database()
        Database(self.database).create()
        self.held_fact = HeldFact(self.database, RUN)
        self._nursery = nursery
        self._settings = [f"--set={each}" for each in settings]
        self._venue_words = [
            *("sim", "run", "--json", "--date", str(DAY), "--catalog", str(market)),
            *("--start", "10:00", "--fills", "nbbo", "--seed", str(seed), *pace),
            *("--state", str(folder / "simulator.state")),
        ]
        self._port = 0
        self._simulator: Child | None = None
        self._live: Child | None = None
        self._database_start: Thread | None = None
        self._restarts = 0
        self.venue = Venue("http://127.0.0.1:1")

    @property
    def journals(self) -> Journals:
        """Where the run is."""
        return Journals(self.database)

    def begin(self, part: Part) -> None:
        """Have the process of a part started, and wait for nothing."""
        match part:
            case Part.VENUE:
                words = [*self._venue_words, "--port", str(self._port)]
                accounts = {"TRADECTL_SIM_ACCOUNTS": ":".join((*KEYS, CASH))}
                self._simulator = self._nursery.child(words, accounts, ROOT)
            case Part.DATABASE if self._database_start is None:  # which else tries again by itself
                self._database_start = Thread(target=self.server.start, daemon=True)
                self._database_start.start()
            case Part.DATABASE:
                pass
            case Part.LIVE:
                words = [
                    *("--log-file", self.folder / "live.log", "live", "--run", RUN),
                    *("--no-view", "--json", "--database", self.database),
                    *("--runs", self.folder / "runs", *self._settings),
                ]
                keys = {"APCA_API_KEY_ID": KEYS[0], "APCA_API_SECRET_KEY": KEYS[1]}
                added = keys | {"TRADECTL_SIM_URL": self.relay.url}
                # its spool lies in the folder it is started in
                self._live = self._nursery.child(words, added, self.folder)

    def finish(self, part: Part) -> None:
        """Wait until a part that was begun can be talked to; a live process takes its time."""
        if part is Part.DATABASE and self._database_start is not None:
            self._database_start.join()
            self._database_start = None
            assert self.server.is_begun, "the database server does not come back"
        if part is Part.VENUE and self._simulator is not None and not self.relay.is_open:
            line = self._simulator.first_line()
            assert line, f"the simulator does not come back: {self._simulator.communicate()[1]}"
            url = json.loads(line)["url"]
            self._port = int(url.rpartition(":")[2])
            self.venue.close()
            self.venue = Venue(url)
            self.relay.open(self._port)

    def is_alive(self, part: Part) -> bool:
        """Say whether there is a process of a part."""
        match part:
            case Part.VENUE:
                return self._simulator is not None and self._simulator.poll() is None
            case Part.DATABASE:
                return self.server.is_begun
            case Part.LIVE:
                return self._live is not None and self._live.poll() is None

    def kill(self, parts: Iterable[Part], *, arrives: bool = False) -> None:
        """Kill processes at one instant, then let go what was held."""
        parts = [part for part in parts if self.is_alive(part)]
        if Part.LIVE in parts and self._live is not None:
            self._live.send_signal(signal.SIGSTOP)
        if Part.VENUE in parts and self._simulator is not None:
            self._simulator.kill()
        if Part.DATABASE in parts:
            self.server.crash()
        if Part.LIVE in parts and self._live is not None:
            self._live.kill()
        self._bury(parts)
        self.held_fact.release()
        if Part.VENUE in parts:
            self.relay.shut()
        else:
            self.relay.release(drop=Part.LIVE in parts and not arrives)

    def _bury(self, parts: Iterable[Part]) -> None:
        for part, child in ((Part.LIVE, self._live), (Part.VENUE, self._simulator)):
            if part in parts and child is not None:
                code = child.wait()
                how = f"{part} had ended by itself, with {code}: {_last_line(child)}"
                assert code in {-signal.SIGKILL, ExitCode.UNAVAILABLE}, how

    def arm(self, moment: Moment) -> None:
        """Have the n-th of something held, or one that a day without it comes to at last."""
        said = None
        if moment.what == FACT:
            self.held_fact.arm(moment.number)
        elif moment.what != SPAWNED:
            said = Said(moment.what)
        self.relay.arm(said, moment.number, moment.within)

    def is_reached(self, moment: Moment) -> bool:
        """Say whether it is held."""
        if moment.what == FACT and self.held_fact.is_reached():
            return True
        return moment.what == SPAWNED or self.relay.reached.is_set()

    def grant(self, steps: int) -> None:
        """Let a stepped day go on so far and no further: else it is over while somebody starts."""
        if self.is_stepped:
            self.relay.release(drop=False)
            self.relay.arm(None, 0, steps)

    def lives(self) -> None:
        """Raise unless the live process is at work; one that could not start yet starts again.

        That is what a supervisor does by the table of exit codes: after 75 a restart may help.
        """
        assert self._live is not None
        code = self._live.poll()
        if code is None:
            return
        why = f"live ended by itself: {_last_line(self._live)}"
        self._restarts += 1
        assert code == ExitCode.UNAVAILABLE, why
        assert self._restarts <= _MOST_RESTARTS, why
        self.begin(Part.LIVE)

    def facts(self) -> list[Fact]:
        """Return what the run has recorded; nothing while the database is away."""
        journals = self.journals
        if RUN not in {run.run_id for run in journals.runs()}:
            return []
        return list(journals.open(RUN).facts())

    def is_whole(self, since: int, stood: int) -> bool:
        """Say whether the run goes on: time went on, and nothing that was killed troubles it.

        Parameters
        ----------
        since : int
            Number of facts there were when all was started.
        stood : int
            The simulator's time then.
        """
        self.lives()
        if self.venue.now <= stood or self.held_fact.is_reached():
            return False
        try:
            facts = self.facts()
        except JournalError:
            return False
        return len(facts) >= since and not troubles(facts) & {
            "feed",
            "orders",
            "journal",
            "warm-up",
        }

    def go_home(self) -> None:
        """Have everything sold, and the run end as it is asked to."""
        words = ["do", "flatten", "all", "--yes", "--run", RUN, "--timeout", "100"]
        words += ["--database", self.database]
        told = self._nursery.answer(words, {}, self.folder)
        assert told.code == 0, told.err
        until(lambda: not self.venue.positions(), "the end of every position")
        assert self._live is not None
        self._live.send_signal(signal.SIGTERM)
        code = self._live.wait()
        assert code == INTERRUPTED, f"live ended with {code}: {_last_line(self._live)}"

    def said(self) -> str:
        """Return all that the live processes logged."""
        log = self.folder / "live.log"
        return log.read_text() if log.exists() else ""

    def close(self) -> None:
        """Leave no process behind but the server, which is left at work."""
        self.held_fact.release()
        for child in (self._live, self._simulator):
            if child is not None:
                child.kill()
                child.wait()
        if self._database_start is not None:
            self._database_start.join()
        if not self.server.is_begun:
            self.server.start()
        self.venue.close()
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            name = make_url(self.database).database
            connection.execute(f'drop database "{name}" with (force)'.encode())


def troubles(facts: Iterable[Fact]) -> set[str]:
    """Return what holds entries after some facts."""
    found = set[str]()
    for fact in facts:
        match fact.payload:
            case EntriesHeld(trouble=what):
                found.add(what)
            case EntriesReleased(trouble=what):
                found.discard(what)
            case _:
                pass
    return found


def _last_line(child: Child) -> str:
    """Return what a process said last."""
    lines = "".join(child.communicate()).strip().splitlines() or ["nothing"]
    return lines[-1][:500]
