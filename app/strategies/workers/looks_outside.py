"""What a strategy's process reads, starts or connects to: it is to see nothing but the tape."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

_CODE = re.compile(
    r"\.(py|pyc|so|dylib)$|/__pycache__(/|$)|\.nb[ic](\.tmp\.\w+)?$|/[^/]+_[0-9a-f]{40}$"
)
"""Python's, and what numba keeps of what it has compiled, in whatever folder it keeps that."""
_COMPUTERS_OWN = ("/proc/", "/sys/", "/dev/", "/etc/ld.so", "/usr/lib", "/lib")
_OTHER_DOORS = {
    "subprocess.Popen": "starts a process",
    "os.system": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.exec": "starts a process",
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "socket.connect": "connects to a server",
    "socket.getaddrinfo": "connects to a server",
}
"""Of Python's audit events, those by which something else can come in than by a file."""

_UNNOTICED_BYTES = 512
"""Looking at the counter takes a hundred itself."""


class Looks(NamedTuple):
    """What was noted in a strategy's process: files by name, other doors in words.

    ``before`` is what it read before its day (a model, or a day that it remembers).
    """

    before: list[str]
    meanwhile: list[str]


class LooksOutside:
    """Notes what this process opens from now on; Python tells a hook, Linux counts bytes read.

    A file that compiled code maps into memory is not noticed, nor what it reads before the day.
    """

    def __init__(self) -> None:
        self._noted: list[str] = []
        self._has_loaded_code = False
        self._installed = {sys.prefix, sys.base_prefix, sys.exec_prefix}
        self._read = _bytes_read()
        sys.addaudithook(self._hear)

    def taken(self) -> list[str]:
        """Return what was noted since this was asked last."""
        read = _bytes_read()
        more, self._read = read - self._read, read
        noted, self._noted = self._noted, []
        if more > _UNNOTICED_BYTES and not (noted or self._has_loaded_code):
            noted = [f"{more:,} bytes read by compiled code"]
        self._has_loaded_code = False
        return noted

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _OTHER_DOORS:
            self._noted.append(f"{_OTHER_DOORS[event]} ({event})")
        elif event == "open" and isinstance(arguments[0], str | bytes):
            name = os.fsdecode(arguments[0])
            if _CODE.search(name):
                self._has_loaded_code = True
            elif not (name.startswith(_COMPUTERS_OWN) or self._is_installed(name)):
                self._noted.append(name)

    def _is_installed(self, name: str) -> bool:
        """Say whether a file came with Python or a package, as tables of time zones do."""
        is_own = any(Path(name).is_relative_to(prefix) for prefix in self._installed)
        self._has_loaded_code |= is_own
        return is_own


def _bytes_read() -> int:
    """Return how many bytes this process has read by now, 0 where nobody counts."""
    try:
        with Path("/proc/self/io").open(encoding="ascii") as counters:
            return int(counters.readline().split()[1])
    except OSError:
        return 0
