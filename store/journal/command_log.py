"""The commands given to a run: a run of its own beside it, written by whoever gives one."""

from __future__ import annotations

import time

from engine.domain.errors import CommandsBroken, JournalBroken, JournalError, NotFoundError
from engine.domain.facts import CommandReceived, Fact
from store.journal.journals import Journals
from store.journal.verified import verified_facts

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
        self._of = run_id
        self._journals = journals

    def create(self) -> None:
        """Make the log where there is none."""
        if all(run.run_id != self.run_id for run in self._journals.runs()):
            self._journals.start(self.run_id).close()

    def remove(self) -> None:
        """Take the log away if nothing was given.

        Raises
        ------
        JournalError
            Somebody gives a command now, or the database cannot be reached.
        """
        log = self._journals.open(self.run_id)
        log.claim()
        if log.last is None:
            log.remove()
        else:
            log.close()

    def give(self, command: CommandReceived, *, patience_secs: float = 5) -> Fact:
        """Append a command, or find it appended; another giver is waited for.

        Raises
        ------
        NotFoundError
            The run takes no commands.
        CommandsBroken
            What was given before is not what stands there.
        JournalError
            The log stayed claimed, or the database cannot be reached.
        """
        deadline = time.monotonic() + patience_secs
        while True:
            log = self._journals.open(self.run_id)
            try:
                log.claim()
            except JournalBroken as broken:
                raise CommandsBroken(self._of, broken.detail) from broken
            except JournalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECS)
                continue
            now = time.time_ns()
            fact = log.append(command, ts_event=now, ts_init=now, fact_id=command.command_id)
            log.close()
            return fact

    def since(self, seq: int, known: str | None = None) -> list[Fact]:
        """Return what was given after a fact of the log, in order, of a log that is verified whole.

        Parameters
        ----------
        known : str, optional
            Hash of the fact ``seq`` as it was read before: a log that was written anew is seen.

        Raises
        ------
        CommandsBroken
            It does not hold, or did not when somebody looked before: none of it is to be obeyed.
        """
        try:
            facts = verified_facts(self._journals, self.run_id)
        except JournalBroken as broken:
            raise CommandsBroken(self._of, broken.detail) from broken
        except NotFoundError as error:
            raise CommandsBroken(self._of, "their log is gone") from error
        if known is not None and (len(facts) < seq or facts[seq - 1].hash != known):
            raise CommandsBroken(self._of, f"fact {seq} is not the one that was read before")
        return facts[seq:]
