"""New versions of the desk's parameters, as commands to a run that goes by them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from app.commands.inbox import DESK_COMMAND
from app.parameters.desk import desk_versions
from engine.decision import DeclineReason
from engine.domain.commands import SetParameters
from engine.domain.errors import JournalBroken, JournalError
from engine.domain.facts import (
    Channel,
    CommandAccepted,
    CommandReceived,
    CommandRefused,
    Fact,
    ParamsChanged,
)
from store import Journals

_LOOK_SECS = 1.0


class ParameterInbox:
    """Follows the versions that ``tradectl params`` makes.

    A version is handed over when its bucket is the next, and again and again under the same id.
    One that needed a restart is a new command, with a new id, after it.

    Parameters
    ----------
    since_ns : int
        When the run began, UTC ns by the clock on the wall: it began with the versions before.
    recorded : iterable of Fact
        The run's, of the processes before this one.
    epoch : int
        Number of this process among those of the run.
    latest : callable
        Returns the newest version of the run itself: what it lays these changes over.
    """

    def __init__(
        self,
        journals: Journals,
        since_ns: int,
        recorded: Iterable[Fact],
        epoch: int,
        latest: Callable[[], int],
    ) -> None:
        self._journals = journals
        self._since_ns = since_ns
        self._deferred = _deferred(recorded)
        self._epoch = epoch
        self._latest = latest
        self._next_look = 0.0

    def commands(self, now: int) -> Sequence[CommandReceived]:
        """Return the versions whose time has come; looks once a second.

        Raises
        ------
        JournalBroken
            The versions are not those that were made: no new one is to be taken.
        """
        if not self.is_due(now):
            return ()
        self._next_look = time.monotonic() + _LOOK_SECS
        return [self._command(change) for change in self._due(time.time_ns())]

    def is_due(self, now: int) -> bool:
        """Say whether a second has passed since the last look."""
        del now
        return time.monotonic() >= self._next_look

    def _due(self, wall_ns: int) -> Iterator[ParamsChanged]:
        try:
            history = desk_versions(self._journals)
        except JournalBroken:
            raise
        except JournalError:
            return  # whoever reads the commands says so
        for change in history.changed:
            width_ns = history.at(change.effective_ns).bucket_ns
            is_due = self._since_ns < change.effective_ns <= wall_ns + width_ns
            if is_due and change.version not in history.withdrawn:
                yield change

    def _command(self, change: ParamsChanged) -> CommandReceived:
        values = {each.name: each.new for each in change.changes}
        name = f"{DESK_COMMAND}{change.version}"
        return CommandReceived(
            command_id=f"{name}@{self._epoch}" if name in self._deferred else name,
            source="tradectl params",
            who=change.who,
            command=SetParameters(values, change.because, self._latest()),
            channel=Channel.PARAMETER_DESK,
            stepped_up=change.stepped_up,
        )


def _deferred(recorded: Iterable[Fact]) -> set[str]:
    """Return the versions, by name, that were refused because they needed a restart."""
    refused: set[str] = set()
    for fact in recorded:
        match fact.payload:
            case CommandRefused(command_id=command_id, reason=reason):
                if reason.startswith(DeclineReason.NEEDS_RESTART):
                    refused.add(command_id.partition("@")[0])
            case CommandAccepted(command_id=command_id):
                refused.discard(command_id.partition("@")[0])
            case _:
                pass
    return refused
