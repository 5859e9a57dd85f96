"""Who reads runs for all browsers: one reader a run, from the first of them to the last."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

from app.backtest.queue import BacktestQueue
from app.display.watched import WatchedRun, followed
from app.journals.read import found_facts
from app.log_lines import new_lines
from web.exact import exact
from web.places import Places
from web.push.channel import Channel, Update, message
from web.push.feed import Feed
from web.push.run_reader import STATES, RunReader

MOST_CLIENTS = 64
_IDLE_SECS = 30.0
_LOG_SECS = 0.5

JOBS, LOGS, FACTS = "jobs", "logs", "facts"
NAMES = (*STATES, FACTS, JOBS, LOGS)
"""Everything that can be subscribed to."""


class Topics:
    """What is told of one run, and who is to be woken when there is news.

    Attributes
    ----------
    channels : dict of str to Channel
    facts : Feed
    names : str or None
        The message that names the places of the tape strip.
    listeners : set of Event
        One a browser.
    """

    def __init__(self, places: Places, run_id: str, watched: WatchedRun | None, epoch: str) -> None:
        self.run_id, self.epoch = run_id, epoch
        self.channels = {name: Channel(name, run_id, epoch) for name in STATES}
        self.facts = Feed(FACTS, run_id, run_id, self._older)
        self.names: str | None = None
        self.listeners: set[asyncio.Event] = set()
        self.idle_since: float | None = None
        self._places = places
        self._loop = asyncio.get_running_loop()
        self.reader = RunReader(
            places, run_id, watched, self._on_update, self._on_fact, self._on_names
        )

    def _on_update(self, channel: str, update: Update) -> None:
        self._tell(self.channels[channel].put, update)

    def _on_fact(self, seq: int, fact: Any) -> None:
        self._tell(self.facts.add, [(seq, fact)])

    def _on_names(self, names: tuple[str, ...], strips: tuple[str, ...]) -> None:
        told = message(
            "names", self.run_id, len(names), self.epoch, full=True, names=names, strips=strips
        )
        self._tell(self._name, told)

    def _name(self, told: str) -> None:
        self.names = told

    def _tell(self, take: Any, what: Any) -> None:
        """Hand something over to the loop, and wake whoever listens."""

        def taken() -> None:
            take(what)
            for listener in self.listeners:
                listener.set()

        with suppress(RuntimeError):  # the loop is over, and so are its browsers
            self._loop.call_soon_threadsafe(taken)

    def _older(self, since: int, most: int) -> Sequence[tuple[int, Any]]:
        source = self._places.journal(self.run_id)
        found = found_facts(source, since=since, kinds=(), trade=None, limit=most)
        return [(fact.seq, exact(fact)) for fact in found.facts]


class Broadcast:
    """The readers of all runs that somebody looks at.

    Parameters
    ----------
    recheck_secs : float
        How often it is asked whether a browser's sign-in still goes on.
    """

    def __init__(
        self, places: Places, backtests: BacktestQueue, *, recheck_secs: float = 15.0
    ) -> None:
        self.recheck_secs = recheck_secs
        self.epoch = secrets.token_hex(8)
        self.clients = 0
        self.jobs = Channel(JOBS, "", self.epoch)
        self.logs = Feed(LOGS, "", self.epoch)
        self.listeners: set[asyncio.Event] = set()
        self._places, self._backtests = places, backtests
        self._topics: dict[str, Topics] = {}
        self._loop = asyncio.get_running_loop()
        self._opening = asyncio.Lock()
        self._over = Event()
        self._has_tail = False
        backtests.on_change(self._on_jobs)

    async def topics(self, run: str) -> Topics:
        """Return what is told of a run, read from now on; raises ``NotFoundError``."""
        run_id, watched = await asyncio.to_thread(followed, self._places.database, run)
        self._drop_idle()
        async with self._opening:
            found = self._topics.get(run_id)
            if found is None:
                found = Topics(self._places, run_id, watched, self.epoch)
                await asyncio.to_thread(found.reader.look)  # what it tells has arrived by then
                found.reader.start()
                self._topics[run_id] = found
        return found

    def follow_logs(self) -> None:
        """Begin to read what is logged, unless it is read already."""
        if not self._has_tail:
            self._has_tail = True
            Thread(target=self._tail, name="push logs", daemon=True).start()

    def follow_jobs(self) -> None:
        """Tell of the jobs as they stand, unless they are told of already."""
        if not self.jobs.newest:
            self._put_jobs()

    def left(self, wake: asyncio.Event) -> None:
        """Wake a browser no more."""
        self.listeners.discard(wake)
        for each in self._topics.values():
            each.listeners.discard(wake)
        self._drop_idle()

    def close(self) -> None:
        """Stop every reader."""
        self._over.set()
        for each in self._topics.values():
            each.reader.stop()

    def _drop_idle(self) -> None:
        """Stop readers of runs that nobody has looked at for a while."""
        now = self._loop.time()
        for run_id, each in list(self._topics.items()):
            if each.listeners:
                each.idle_since = None
            elif each.idle_since is None:
                each.idle_since = now
                self._loop.call_later(_IDLE_SECS + 1, self._drop_idle)
            elif now - each.idle_since >= _IDLE_SECS:
                each.reader.stop()
                del self._topics[run_id]

    def _on_jobs(self) -> None:
        with suppress(RuntimeError):  # the loop is over
            self._loop.call_soon_threadsafe(self._put_jobs)

    def _put_jobs(self) -> None:
        jobs = exact(self._backtests.jobs())

        def whole(seq: int, epoch: str) -> str:
            return message(JOBS, "", seq, epoch, full=True, ts=None, data=jobs)

        self.jobs.put(Update(whole, whole))
        self._wake()

    def _tail(self) -> None:
        """Read logs as they grow."""
        ends: dict[Path, int] = {}
        number = 0
        while not self._over.is_set():
            for file in self._places.logs:
                lines, ends[file] = new_lines(file, ends.get(file, _last_part(file)))
                items = [(number + k, exact(line)) for k, line in enumerate(lines, 1)]
                number += len(items)
                if items:
                    with suppress(RuntimeError):  # the loop is over
                        self._loop.call_soon_threadsafe(self._put_lines, items)
            self._over.wait(_LOG_SECS)

    def _put_lines(self, items: list[tuple[int, Any]]) -> None:
        self.logs.add(items)
        self._wake()

    def _wake(self) -> None:
        for listener in self.listeners:
            listener.set()


_FIRST_BYTES = 64 << 10


def _last_part(file: Path) -> int:
    """Return where the last part of a log begins, of which a new reader is shown some lines."""
    try:
        return max(0, file.stat().st_size - _FIRST_BYTES)
    except OSError:
        return 0
