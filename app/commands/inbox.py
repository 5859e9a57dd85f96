"""The commands that others give to a running engine, each once."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from engine.domain.errors import JournalBroken, JournalError
from engine.domain.facts import Channel, CommandReceived, Fact
from store import CommandLog

DESK_COMMAND = "parameters-"
"""How the names of commands begin that the parameter desk gives, and nobody else."""

_LOOK_SECS, _LOOK_AGAIN_SECS = 0.25, 2.0

_log = logging.getLogger(__name__)


class CommandInbox:
    """Follows a command log: the door for whoever reaches the database.

    What a command says of its channel and of a step-up is not believed: nobody proves here who
    they are, so nothing that comes this way can loosen a limit.

    Parameters
    ----------
    log : CommandLog
    recorded : iterable of Fact
        The run's facts as it was left: what they answer is not taken again.
    """

    def __init__(self, log: CommandLog, recorded: Iterable[Fact]) -> None:
        self._log = log
        self._answered = {fact.fact_id for fact in recorded}
        self._taken = 0
        self._last: str | None = None
        self._next_look = 0.0

    def wait_secs(self, now: int) -> float:
        """Return 0: who gives commands keeps nobody waiting."""
        del now
        return 0.0

    def commands(self, now: int) -> Sequence[CommandReceived]:
        """Return what was given since the last look; nothing while the log cannot be read.

        Raises
        ------
        CommandsBroken
            What stands there is not what was given: nothing that comes this way is to be obeyed.
        """
        if not self.is_due(now):
            return ()
        try:
            given = self._log.since(self._taken, self._last)
        except JournalBroken:
            raise
        except JournalError as error:
            _log.warning("no commands are heard: %s", error)
            self._next_look = time.monotonic() + _LOOK_AGAIN_SECS
            return ()
        self._next_look = time.monotonic() + _LOOK_SECS
        if given:
            self._taken, self._last = given[-1].seq, given[-1].hash
        return [
            replace(fact.payload, channel=Channel.COMMAND_LOG, stepped_up=False)
            for fact in given
            if isinstance(fact.payload, CommandReceived) and self._is_taken(fact)
        ]

    def _is_taken(self, fact: Fact) -> bool:
        """Say whether a command is new and has a name that this door may give."""
        name = fact.payload.command_id if isinstance(fact.payload, CommandReceived) else ""
        if name.startswith(DESK_COMMAND):
            _log.error("command %s is passed over: only the parameter desk names one so", name)
            return False
        return fact.fact_id not in self._answered

    def is_due(self, now: int) -> bool:
        """Say whether the last look was some time ago, on the wall's clock."""
        del now
        return time.monotonic() >= self._next_look
