"""A cluster that runs on this machine: where its processes are, kept in a file while they run."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import msgspec
import psutil

from cluster.streams.address import ServerAddress
from engine.domain.errors import DataError, NotFoundError
from store.atomic import write_atomically

_FILE = "cluster.json"


class RunningCluster(msgspec.Struct, frozen=True):
    """What another process has to know of it.

    Attributes
    ----------
    pid : int
        Of the process that keeps the others running.
    started : float
        When that process began, by its machine: a number that is used again is not mistaken.
    redis, password_file : str
        The server between hub and shards.
    relay, keys : str
        Where the relay is, and the file with what opens it.
    database : str
        Of the hub.
    """

    pid: int
    started: float
    redis: str
    password_file: str
    relay: str
    keys: str
    database: str

    @property
    def address(self) -> ServerAddress:
        """The server, with what opens it."""
        return ServerAddress.read(self.redis, password_file=Path(self.password_file))

    @property
    def is_running(self) -> bool:
        """Whether the process that keeps it is there."""
        try:
            return psutil.Process(self.pid).create_time() == self.started
        except psutil.Error:
            return False

    def keep(self, folder: Path) -> None:
        """Write it down."""
        text = msgspec.json.encode(self)
        write_atomically(folder / _FILE, lambda file: file.write(text))

    def end(self) -> None:
        """Ask it to end, and wait until it has."""
        if self.is_running:
            process = psutil.Process(self.pid)
            os.kill(self.pid, signal.SIGTERM)
            process.wait()


def own_start() -> float:
    """Return when this process began."""
    return psutil.Process().create_time()


def running_cluster(folder: Path) -> RunningCluster:
    """Return the cluster that runs in a folder.

    Raises
    ------
    NotFoundError
        None does.
    DataError
        The file that tells of it cannot be read.
    """
    path = folder / _FILE
    try:
        found = msgspec.json.decode(path.read_bytes(), type=RunningCluster)
    except FileNotFoundError:
        found = None
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}; remove it") from error
    if found is None or not found.is_running:
        raise NotFoundError(
            f"no cluster runs in {folder}: start one with 'tradectl cluster up', or name its "
            "folder with --folder or its server with --redis"
        )
    return found


def forget(folder: Path) -> None:
    """Remove what tells of a cluster that has ended."""
    (folder / _FILE).unlink(missing_ok=True)
