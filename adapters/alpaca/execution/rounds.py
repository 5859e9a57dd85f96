"""Account and clock, looked at again and again for as long as a client is connected."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from adapters.alpaca.clock_watch import ClockWatch
from adapters.alpaca.execution.account_watch import AccountWatch
from adapters.alpaca.execution.reconciliation import is_set_within
from engine.domain.errors import VenueError

_SOON_SECS = 5.0
"""Between two looks while there is an issue with one of them."""


class Rounds:
    """Looks at account and clock in turn; each raises its own issues.

    Parameters
    ----------
    leaving : asyncio.Event
        Set when the client disconnects.
    every_secs : float
        Between two looks while all is well.
    """

    def __init__(
        self,
        account: AccountWatch,
        clock: ClockWatch,
        leaving: asyncio.Event,
        *,
        every_secs: float,
    ) -> None:
        self._account = account
        self._clock = clock
        self._leaving = leaving
        self._every_secs = every_secs

    async def keep(self) -> None:
        """Look at both until the client leaves, at the clock at once."""
        with suppress(VenueError):
            await self._clock.look()
        while True:
            has_issue = self._account.has_issue or self._clock.is_behind
            secs = min(_SOON_SECS, self._every_secs) if has_issue else self._every_secs
            if await is_set_within(self._leaving, secs):
                return
            await self.look()

    async def look(self) -> None:
        """Look at both now; what the venue does not tell is passed over."""
        for watch in (self._account, self._clock):
            with suppress(VenueError):
                await watch.look()
