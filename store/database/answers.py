"""A connection to a server that hangs is given up, as one that was lost.

A server that stands still keeps its sockets, and its machine goes on acknowledging what is sent:
no time-out of the network ever comes, and none of the server's own is looked at.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import psycopg


class AnsweredConnection(psycopg.Connection[Any]):
    """A connection that may be told how long to wait for an answer.

    Attributes
    ----------
    answer_secs : float or None
        For each statement; None waits for as long as it takes.
    """

    answer_secs: float | None = None

    def wait[T](self, gen: Generator[Any, Any, T], *args: Any, **limits: Any) -> T:
        """Wait for an answer.

        Raises
        ------
        OperationalError
            None came in time, and the connection is closed: the statement may take effect or not.
        """
        if self.answer_secs is not None:
            gen = self._limited(gen, self.answer_secs)
        return super().wait(gen, *args, **limits)

    def _limited[T](self, gen: Generator[Any, Any, T], secs: float) -> Generator[Any, Any, T]:
        """Hold a conversation, whose waits end several times a second, until it is late."""
        deadline = time.monotonic() + secs
        try:
            awaited = next(gen)
            while True:
                ready = yield awaited
                if not ready and time.monotonic() > deadline:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"the server has not answered for {secs:g} s")
                awaited = gen.send(ready)
        except StopIteration as end:
            return end.value
