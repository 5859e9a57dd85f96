"""What the tests do to a server between hub and shards that is really there."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis

from cluster.streams.embedded import EmbeddedServer


class Server(EmbeddedServer):
    """A server with roles that can be killed, emptied, replaced, stopped and filled."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, has_roles=True)
        self.folder = folder

    def restart(self, *, is_replaced: bool = False) -> None:
        """Kill it and start it again, on its data or on none."""
        os.kill(self.pid, signal.SIGKILL)
        self.stop()
        if is_replaced:
            shutil.rmtree(self.folder / "appendonlydir")
        self.start()

    def ask(self, *words: Any) -> Any:
        """Return the answer to a command, as the user who may do everything."""
        where, password = self.address.path, self.address.password
        with Redis(unix_socket_path=where, password=password) as client:
            return client.execute_command(*words)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Have it do nothing, with its connections open."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Have it refuse what needs memory."""
        before = self.ask("CONFIG", "GET", "maxmemory")
        (most,) = before.values() if isinstance(before, dict) else before[1:]
        self.ask("CONFIG", "SET", "maxmemory", "1")
        try:
            yield
        finally:
            self.ask("CONFIG", "SET", "maxmemory", most)
