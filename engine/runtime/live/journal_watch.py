"""A database that goes away stops entries, and one that comes back lets them go on."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from engine.domain.errors import JournalError
from engine.hub.desk import Desk
from engine.journal import WaitingJournal
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.pulse import Pulse
from engine.runtime.live.issues import IssueTracker

_JOURNAL = "journal"
_EVERY_SECS = 0.5


class JournalWatch:
    """Tells of a halted journal, and tries again in a thread until it is back.

    Parameters
    ----------
    journal : WaitingJournal
        The one the desk writes.
    """

    def __init__(
        self,
        journal: WaitingJournal,
        desk: Desk,
        pulse: Pulse,
        trouble: IssueTracker,
        failures: Failures,
    ) -> None:
        self._journal = journal
        self._desk = desk
        self._pulse = pulse
        self._trouble = trouble
        self._failures = failures
        self._is_ending = self._is_due = False
        self._returning: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Have the facts of one turn of the loop kept in one commit, when it ends."""
        self._journal.defer(self._soon)

    def _soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._keep)

    def _keep(self) -> None:
        self._is_due = False
        with suppress(JournalError), self._failures.kept("the commit of a turn"):
            self._journal.settle()

    def look(self) -> None:
        """Hold entries while facts wait, and see that they do not wait for long."""
        if not self._journal.halted:
            self._trouble.issue_cleared(_JOURNAL)
            return
        self._trouble.issue_raised(_JOURNAL, self._journal.why)
        if self._returning is None or self._returning.done():
            self._returning = asyncio.create_task(self._return())

    async def settle(self, stop: asyncio.Event) -> None:
        """Wait until no fact waits, or somebody wants to end nevertheless."""
        while self._journal.halted and not self._failures and not stop.is_set():
            self.look()
            await asyncio.sleep(_EVERY_SECS)
        self._is_ending = True
        if self._returning is not None:
            await self._returning

    async def _return(self) -> None:
        with self._failures.kept("the return of the journal"):
            while self._journal.halted and not self._is_ending:
                await asyncio.sleep(_EVERY_SECS)
                await self._try()

    async def _try(self) -> None:
        if not await asyncio.to_thread(self._journal.try_again):
            return
        back = self._journal.resume()
        if back is not None:
            self._desk.journal_is_back(*back, self._pulse.now())
            self._trouble.issue_cleared(_JOURNAL)
