"""The process of a stranger's strategy as a run sees it: started, asked, killed, kept for later."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import weakref
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.connection import wait

from app.own_process import own_process
from app.strategies.workers.limits import COMPUTING_SECS
from app.strategies.workers.messages import FromWorker, Line, ToWorker, Unreadable, read_by_a_run
from app.strategies.workers.shared_columns import Progress, SharedColumns, shared_file

_BOOT = "from app.strategies.workers.worker import work; work(*map(int, sys.argv[1:]))"
_SEND_SECS = 1.0


class NoAnswer(Exception):  # noqa: N818 - it says what has happened
    """A process gave no answer; says why."""


class TooLate(NoAnswer):
    """It may have one, but nobody waits any longer."""


class StrategyProcess:
    """A process that can be asked about one strategy after the other, each in its day.

    It is started anew rather than forked: hosts have threads.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        progress = shared_file()
        self.columns = SharedColumns()
        self.progress = Progress(progress)
        self.progress.tell(0, 0)
        given = theirs.fileno(), self.columns.descriptor, progress
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter
            own_process(_BOOT, *map(str, given)),
            stdin=subprocess.DEVNULL,
            pass_fds=given,
            process_group=0,
        )
        theirs.close()
        os.close(progress)
        ours.settimeout(_SEND_SECS)
        self.line = Line(ours, read_by_a_run)
        self._is_ours = os.getpid()

    def answer[Message: FromWorker](
        self,
        asked: ToWorker,
        kinds: tuple[type[Message], ...],
        *,
        wall_secs: float,
        computing_secs: float,
        ending_secs: float,
    ) -> Message:
        """Return the answer to a question, of one of some kinds.

        Raises
        ------
        NoAnswer
            None came in time, the process has ended, or it said what nobody can read.
        """
        try:
            self.line.send(asked)
            ends = time.monotonic() + wall_secs
            while wait([self.line.end], max(0.0, ends - time.monotonic())):
                for message in self.line.received():
                    if isinstance(message, kinds):
                        return message
        except (OSError, EOFError):
            raise NoAnswer(self.ending(ending_secs, computing_secs)) from None
        except Unreadable as error:
            self.killed(ending_secs)
            raise NoAnswer(str(error)) from None
        self.killed(ending_secs)
        raise TooLate(f"it did not return within {wall_secs:g} s")

    def killed(self, secs: float) -> None:
        """End the process, and what it has started, whatever they do; waits some seconds."""
        self._kill()
        self._wait(secs)

    def closed(self) -> None:
        """End the process, and give back what it took of this one."""
        if os.getpid() == self._is_ours:
            self._kill()
            self._process.wait()
        if self.line.end.fileno() >= 0:
            self.line.end.close()
            self.columns.close()

    def ending(self, secs: float, computing_secs: float = COMPUTING_SECS) -> str:
        """Return how the process has ended; one that only fell silent is killed."""
        self._wait(secs)
        code = self._process.poll()
        self._kill()
        if code is None:
            self._wait(secs)
            return "its process said nothing more"
        if code == -signal.SIGPROF:
            return f"it did not return within {computing_secs:g} s of computing"
        if code < 0:
            return f"its process was killed by {signal.Signals(-code).name}"
        return f"its process ended with exit code {code}"

    def _kill(self) -> None:
        """Kill the process and its children: they are a group of their own."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _wait(self, secs: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(secs)


class StrategyProcesses:
    """Processes by strategy; one that has done a day is kept for the next."""

    def __init__(self) -> None:
        self._spare: defaultdict[str, list[StrategyProcess]] = defaultdict(list)
        weakref.finalize(self, _close_all, self._spare)

    def start(self, sources: Iterable[str]) -> None:
        """Begin with processes that will be taken: they start side by side."""
        for source in sources:
            self._spare[source].append(StrategyProcess())

    def taken(self, source: str) -> StrategyProcess:
        """Return a process for a strategy (``module:Class``)."""
        return self._spare[source].pop() if self._spare[source] else StrategyProcess()

    def give_back(self, source: str, process: StrategyProcess) -> None:
        """Keep a process that waits to be asked."""
        self._spare[source].append(process)


def _close_all(spare: defaultdict[str, list[StrategyProcess]]) -> None:
    for each in _all(spare.values()):
        each.closed()
    spare.clear()


def _all(lists: Iterable[list[StrategyProcess]]) -> list[StrategyProcess]:
    return [each for one in lists for each in one]
