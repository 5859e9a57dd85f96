"""The lease of a live run: who beats for it, and how a day ends that has lost it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from store import Database, RunLease

_LOOK_SECS = 0.1

type Permit = Callable[[], str | None]
"""Says why no order may leave now, None while one may."""


class HeldRun:
    """A run that this process may trade, until another one may.

    Parameters
    ----------
    lease : RunLease, optional
        None in a file, which one process alone can have open: that run is held to the end.
    """

    def __init__(self, lease: RunLease | None) -> None:
        self._lease = lease

    @property
    def permit(self) -> Permit | None:
        """What is asked before an order leaves, None where nobody needs to be."""
        return None if self._lease is None else self._lease.why_not

    @contextmanager
    def ends(self, stop: asyncio.Event) -> Iterator[None]:
        """Have what runs within stopped once the run is lost.

        Raises
        ------
        JournalTaken
            It was.
        """
        lease = self._lease
        if lease is None:
            yield
            return
        watching = asyncio.ensure_future(_set_when_lost(lease, stop))
        try:
            yield
        finally:
            watching.cancel()
        lease.expect_held()


@contextmanager
def held_run(database: Database, run_id: str, epoch: int) -> Iterator[HeldRun]:
    """Hold the lease of a run that this process has claimed, and give it back at an orderly end.

    Raises
    ------
    JournalError
        The database does not answer, or another process has claimed the run since.
    """
    if database.is_file:
        yield HeldRun(None)
        return
    with RunLease(database, run_id, epoch) as lease:
        yield HeldRun(lease)


async def _set_when_lost(lease: RunLease, stop: asyncio.Event) -> None:
    while True:
        if lease.why_not() is not None:
            stop.set()
            return
        await asyncio.sleep(_LOOK_SECS)
