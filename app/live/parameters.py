"""Which parameters a live run goes by: its own, or those of the parameter desk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from app.commands.inbox import CommandInbox
from app.parameters.desk import approved_at_desk
from app.parameters.inbox import ParameterInbox
from engine.decision import Reach
from engine.domain.errors import ConfigError, JournalBroken
from engine.domain.facts import CommandReceived, Fact
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import desk_history
from engine.hub import Desk
from store import Journals

COMMANDS, PARAMETERS = "commands", "parameters"
"""Names of the issues of a log that does not hold."""

_LOOK_SECS = 0.02
"""How long a look may keep a run waiting; a database that is well answers in a few ms."""


def started_with(
    journals: Journals, asked: Parameters | None, recorded: Iterable[Fact]
) -> Parameters:
    """Return the parameters that a run began with, or is to begin with.

    Parameters
    ----------
    asked : Parameters or None
        None for those that hold at the parameter desk.
    recorded : iterable of Fact
        The run's, none if it is new.

    Raises
    ------
    ConfigError
        It began with others than those that are asked for, or a version at the desk loosens a
        limit without a step-up.
    """
    own = desk_history(fact.payload for fact in recorded)
    if own is None:
        return asked or approved_at_desk(journals).at(time.time_ns())
    if asked not in (None, own.first):
        raise ConfigError(
            "the run was started with other parameters: resume it with the same ones, or "
            "without --params and --set; 'tradectl do set' changes them while it runs"
        )
    return own.first


class LiveAttendant:
    """Gives a live run the commands of its log, and the changes of the desk's parameters.

    It looks in a thread: a database that hangs keeps nobody waiting who has exits to send. A log
    that does not hold is looked at no more: the run goes on with its exits and enters nothing.

    Parameters
    ----------
    parameters : ParameterInbox, optional
        None for a run that was given parameters of its own.

    Attributes
    ----------
    broken : dict of str to JournalBroken
        What is not obeyed any more, by the name of its issue.
    """

    def __init__(self, inbox: CommandInbox, parameters: ParameterInbox | None) -> None:
        self._sources: dict[str, CommandInbox | ParameterInbox] = {}
        if parameters is not None:
            self._sources[PARAMETERS] = parameters
        self._sources[COMMANDS] = inbox
        self.broken: dict[str, JournalBroken] = {}
        self._on_broken: Callable[[str, str], None] | None = None
        self._reported: set[str] = set()
        self._looker = ThreadPoolExecutor(1, "commands")
        self._look: Future[Sequence[CommandReceived]] | None = None

    def wait_secs(self, now: int) -> float:
        """Return 0: the venue's time waits for nobody."""
        del now
        return 0.0

    def report_to(self, on_broken: Callable[[str, str], None]) -> None:
        """Say from now on, and of what was found before, which log does not hold, and how."""
        self._on_broken = on_broken
        self._report()

    def commands(self, now: int) -> Sequence[CommandReceived]:
        """Return what a look has found; one that takes longer is asked again at the next call."""
        if self._look is None:
            if not self.is_due(now):
                return ()
            self._look = self._looker.submit(self._found, now)
        try:
            found = self._look.result(_LOOK_SECS)
        except TimeoutError:
            return ()
        self._look = None
        self._report()
        return found

    def is_due(self, now: int) -> bool:
        """Say whether it is time for another look, or one has ended."""
        if self._look is not None:
            return self._look.done()
        return any(source.is_due(now) for source in self._working)

    def catch_up(self, desk: Desk, now: int) -> None:
        """Take what came while nothing ran, before the scanner starts: it can take more then.

        What a process that is gone had just begun to record is finished before that.
        """
        desk.reach = Reach.WINDOWS
        desk.resume(now)
        for received in self._found(now):
            desk.command(received, now)
        desk.reach = Reach.CANDIDATES

    def close(self) -> None:
        """Look no more; a look that a database keeps is not waited for."""
        self._looker.shutdown(wait=False, cancel_futures=True)

    @property
    def _working(self) -> list[CommandInbox | ParameterInbox]:
        return [source for name, source in self._sources.items() if name not in self.broken]

    def _found(self, now: int) -> Sequence[CommandReceived]:
        found: list[CommandReceived] = []
        for name, source in self._sources.items():
            if name in self.broken:
                continue
            try:
                found += source.commands(now)
            except JournalBroken as error:
                self.broken[name] = error
        return found

    def _report(self) -> None:
        for name, error in self.broken.items():
            if self._on_broken is not None and name not in self._reported:
                self._reported.add(name)
                self._on_broken(name, str(error))
