"""A Ctrl-C that is heard, and answered at the next bucket."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Whether somebody asked to stop."""

    def __init__(self) -> None:
        self.asked = False

    def check(self) -> None:
        """Raise the interrupt here, where it does no harm.

        Raises
        ------
        KeyboardInterrupt
            Somebody asked to stop.
        """
        if self.asked:
            raise KeyboardInterrupt


@contextmanager
def heard_interrupts() -> Iterator[Interrupt]:
    """Turn SIGINT into a flag: raised inside a nautilus handler it would be swallowed.

    A second one is raised at once. Only the main thread can listen; elsewhere nothing changes.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return

    def hear(signal_number: int, frame: FrameType | None) -> None:
        if interrupt.asked:
            signal.default_int_handler(signal_number, frame)
        interrupt.asked = True

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
