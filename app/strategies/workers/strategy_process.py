"""The process of a stranger's strategy as a run sees it: started, asked, killed, kept for later."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import weakref
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

from app.own_process import own_process
from app.strategies.workers.limits import COMPUTING_SECS
from app.strategies.workers.messages import Line
from app.strategies.workers.shared_columns import Progress, SharedColumns, shared_file

_BOOT = "from app.strategies.workers.worker import work; work(*map(int, sys.argv[1:]))"
_SEND_SECS = 1.0


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
        )
        theirs.close()
        os.close(progress)
        ours.settimeout(_SEND_SECS)
        self.line = Line(ours)
        self._is_ours = os.getpid()

    def killed(self, secs: float) -> None:
        """End the process, whatever it does; waits some seconds for it at most."""
        self._process.kill()
        self._wait(secs)

    def closed(self) -> None:
        """End the process, and give back what it took of this one."""
        if os.getpid() == self._is_ours:
            self._process.kill()
            self._process.wait()
        if self.line.end.fileno() >= 0:
            self.line.end.close()
            self.columns.close()

    def ending(self, secs: float) -> str:
        """Return how the process has ended; one that only fell silent is killed."""
        self._wait(secs)
        code = self._process.poll()
        if code is None:
            self.killed(secs)
            return "its process said nothing more"
        if code == -signal.SIGPROF:
            return f"it did not return within {COMPUTING_SECS:g} s of computing"
        if code < 0:
            return f"its process was killed by {signal.Signals(-code).name}"
        return f"its process ended with exit code {code}"

    def _wait(self, secs: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(secs)


class StrategyProcesses:
    """Processes by strategy; one that has done a day is kept for the next."""

    def __init__(self) -> None:
        self._spare: defaultdict[str, list[StrategyProcess]] = defaultdict(list)
        weakref.finalize(self, _close_all, self._spare)

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
