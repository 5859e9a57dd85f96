"""Whatever is lost, a writer, a server, a connection or the room on a disk, no fact is."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Self

import pytest

from engine.domain.errors import JournalError
from engine.domain.facts import OrderRole
from store import Journals, SqlJournal
from tests.accounting.streams import OPEN_NS, fill, plan
from tests.servers import Postgres
from tests.store.conftest import ScarceDisk

BRACKET = plan("T1", "AAA", 1, 10, Decimal(20))
ENTRY = fill(BRACKET, OrderRole.ENTRY, 10, Decimal("20.5"), Decimal(0))
_PATIENCE_SECS = 120.0
NOTHING_MAY_BE_TRADED = "nothing may be traded until"


def test_a_writer_killed_a_hundred_times_loses_and_repeats_nothing(database_url: str) -> None:
    command = [sys.executable, "-m", "tests.store.killed_writer", database_url, "100", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["rounds"] == 100
    assert found["acknowledged"] > 100
    assert found["facts"] >= found["acknowledged"]
    assert (found["lost"], found["repeated"], found["broken"]) == (0, 0, "None")
    assert found["state_is_replayed"]


def _appended(journal: SqlJournal, number: int) -> int:
    """Report one thing until it is kept, as a venue does; return how often that was refused."""
    refused = 0
    deadline = time.monotonic() + _PATIENCE_SECS
    while time.monotonic() < deadline:
        try:
            journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, fact_id=f"fill:{number}")
        except JournalError:
            refused += 1
            time.sleep(0.02)
        else:
            return refused
    raise TimeoutError


class _Reporter:
    """Appends from a thread of its own until it is told to end.

    Attributes
    ----------
    kept, halts : int
        Facts that are kept, and how many of them were refused before.
    """

    def __init__(self, journal: SqlJournal) -> None:
        self.kept = self.halts = 0
        self._journal = journal
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._report)

    def _report(self) -> None:
        while not self._ending.is_set():
            self.halts += _appended(self._journal, self.kept) > 0
            self.kept += 1

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so, while it appends."""
        deadline = time.monotonic() + _PATIENCE_SECS
        while not is_so():
            assert self._thread.is_alive()
            assert time.monotonic() < deadline, "the journal never noticed, or never resumed"
            time.sleep(0.005)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()


@pytest.mark.parametrize("loss", ["connections cut", "server killed"])
def test_writing_halts_and_resumes_by_itself(loss: str) -> None:
    with Postgres() as server:
        journals = Journals(server.new_database())
        journal = journals.start("run")
        with _Reporter(journal) as reporter:
            for number in range(3):
                reporter.until(lambda kept=reporter.kept: reporter.kept > kept)
                if loss == "connections cut":
                    server.cut_connections()
                else:
                    server.crash()
                    server.start()
                reporter.until(lambda number=number: reporter.halts > number)
        journal.close()
        again = journals.open("run")
        names = [fact.fact_id for fact in again.facts()]
        assert names == [f"fill:{n}" for n in range(reporter.kept)]
        assert again.stored.verify().clean


def test_an_intent_that_could_not_be_kept_is_dropped_and_what_happened_is_not(
    postgres: Postgres,
) -> None:
    journals = Journals(postgres.new_database())
    with journals.start("run") as journal:
        first = journal.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
        for payload in (BRACKET, ENTRY, ENTRY):
            journal.commit()
            postgres.cut_connections()
            with pytest.raises(JournalError, match=NOTHING_MAY_BE_TRADED):
                journal.append(payload, ts_event=OPEN_NS, ts_init=OPEN_NS, causation_id=first.seq)
            assert journal.halted
        journal.commit()
        assert not journal.halted
        assert [fact.payload for fact in journal.facts()] == [BRACKET, ENTRY, ENTRY]


def test_a_full_disk_halts_and_nothing_is_lost_when_there_is_room_again(
    scarce_disk: ScarceDisk,
) -> None:
    journals = Journals(scarce_disk.folder / "journal.sqlite")
    with journals.start("run") as journal:
        _appended(journal, 0)
        scarce_disk.exhaust(room=256 * 1024)
        told = _fill_the_disk(journal)
        scarce_disk.relieve()
        after = journal.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
    assert after.seq == told + 1
    assert journals.open("run").stored.verify(after.hash).clean


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Yield a disk of a few megabytes in a folder that a server of another user may reach."""
    room = Path(tempfile.mkdtemp(prefix="tradectl-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(room)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        room.rmdir()
        pytest.skip("a small disk can be mounted by root only")
    yield room
    subprocess.run(["umount", "-l", str(room)], check=True)
    room.rmdir()


def test_a_full_disk_of_a_server_is_told_and_survived(small_disk: Path) -> None:
    with Postgres() as server:
        if server.owner is not None:
            subprocess.run(["chown", server.owner, str(small_disk)], check=True)
        server.execute(f"create tablespace small location '{small_disk}'")
        journals = Journals(server.new_database(options="tablespace small"))
        with journals.start("run") as journal:
            _appended(journal, 0)
            ballast = small_disk / "ballast"
            with pytest.raises(OSError, match="No space left"):
                ballast.write_bytes(bytes(24 << 20))
            told = _fill_the_disk(journal)
            ballast.unlink()
            after = journal.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
        assert after.seq == told + 1
        assert journals.open("run").stored.verify(after.hash).clean


def _fill_the_disk(journal: SqlJournal) -> int:
    """Append groups until one is refused, which then waits in memory; return the facts told."""
    told = 1
    while True:
        told += 16
        try:
            with journal.group():
                for _ in range(16):
                    journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS)
        except JournalError:
            assert journal.halted
            return told
