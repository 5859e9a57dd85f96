"""The commands given to a run: a run of its own beside it, written by whoever gives one."""

from __future__ import annotations

import time
from collections.abc import Iterator

from engine.domain.errors import JournalBroken, JournalError
from engine.domain.facts import CommandReceived, Fact
from store.journal.journals import Journals

_SUFFIX = "/commands"
_RETRY_SECS = 0.02


def is_command_log(run_id: str) -> bool:
    """Say whether a run is the command log of another."""
    return run_id.endswith(_SUFFIX)


class CommandLog:
    """Commands on their way to a run, from any process that reaches its database.

    A run has one writer, so the engine alone writes its journal. Whoever gives a command claims
    this log for an instant, appends, and gives it back; the engine follows it and answers in the
    run's own journal. A command id is kept once, however often it is given.

    Parameters
    ----------
    run_id : str
        The run the commands are for.
    """

    def __init__(self, journals: Journals, run_id: str) -> None:
        self.run_id = run_id + _SUFFIX
        self._journals = journals

    def create(self) -> None:
        """Make the log where there is none."""
        if all(run.run_id != self.run_id for run in self._journals.runs()):
            self._journals.start(self.run_id).close()

    def give(self, command: CommandReceived, *, patience_secs: float = 5) -> Fact:
        """Append a command, or find it appended; another giver is waited for.

        Raises
        ------
        NotFoundError
            The run takes no commands.
        JournalBroken
            What was given before is not what stands there.
        JournalError
            The log stayed claimed, or the database cannot be reached.
        """
        deadline = time.monotonic() + patience_secs
        while True:
            log = self._journals.open(self.run_id)
            try:
                log.claim()
            except JournalBroken:
                raise
            except JournalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECS)
                continue
            now = time.time_ns()
            fact = log.append(command, ts_event=now, ts_init=now, fact_id=command.command_id)
            log.close()
            return fact

    def since(self, seq: int) -> Iterator[Fact]:
        """Yield what was given after a fact of the log, in order.

        Raises
        ------
        JournalBroken
            Its facts, from the first one on, are not those that were given: none is to be obeyed.
        """
        log = self._journals.open(self.run_id)
        broken = log.verify().broken
        if broken is not None:
            raise JournalBroken(self.run_id, str(broken))
        yield from log.facts(seq)
