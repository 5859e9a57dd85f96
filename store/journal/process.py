"""Who is writing a run, and whether that process still lives."""

from __future__ import annotations

import os
import socket
from typing import Self

import msgspec
import psutil

from engine.domain.unreadable import UNREADABLE

_CLOCK_STEP_SECS = 5
"""Start times are read off the wall clock, which may be set between two looks."""


class Process(msgspec.Struct, frozen=True):
    """The process that writes a run; a process id alone may have been given away again."""

    pid: int
    started: float
    host: str

    @classmethod
    def current(cls) -> Self:
        """Return the process that asks."""
        return cls(os.getpid(), psutil.Process().create_time(), socket.gethostname())

    @classmethod
    def kept(cls, text: str | None) -> Self | None:
        """Return the process that a row names; None where it names none, or not one of ours."""
        try:
            return (text and msgspec.json.decode(text, type=cls)) or None
        except UNREADABLE:
            return None

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    def is_elsewhere(self) -> bool:
        """Say whether it runs on another host, where nothing can be known of it."""
        return self.host != socket.gethostname()

    def is_gone(self) -> bool:
        """Say whether it surely writes no more; of another host's processes nothing is sure."""
        if self.is_elsewhere():
            return False
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _CLOCK_STEP_SECS
            return not same or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True
