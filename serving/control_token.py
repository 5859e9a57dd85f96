"""The token of a control channel: made anew by each server, in a file that only its user reads."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from engine.domain.errors import ConfigError

TOKEN_HEADER = "X-Tradectl-Token"  # noqa: S105  (its name)
TOKEN_VARIABLE = "TRADECTL_CONTROL_TOKEN"  # noqa: S105  (same)
_SHORTEST = 16
_LOOPBACK = ("127.0.0.1", "::1")
_ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  (looked for, not listened on)


@dataclass(frozen=True, slots=True)
class ControlToken:
    """What a client has to show before it may steer.

    Attributes
    ----------
    file : Path, optional
        Where commands of the same user find it; None where it was given by the environment.
    """

    secret: str = field(repr=False)
    file: Path | None = None

    @classmethod
    @contextmanager
    def issued(cls, host: str, port: int, variable: str = TOKEN_VARIABLE) -> Iterator[ControlToken]:
        """Make the token of a server that listens, and take its file away in the end.

        With ``TRADECTL_CONTROL_TOKEN`` that one counts and nothing is written, for servers whose
        commands come from another machine or container.

        Parameters
        ----------
        variable : str
            The name of that variable, for servers of which each has one of its own.

        Raises
        ------
        ConfigError
            The file cannot be written, or the token that is given is short.
        """
        given = os.environ.get(variable, "")
        if given:
            if len(given) < _SHORTEST or not given.isascii():
                raise ConfigError(
                    f"{variable} has {len(given)} characters, "
                    f"expected at least {_SHORTEST}, all ASCII"
                )
            yield cls(given)
            return
        token = cls(secrets.token_urlsafe(32), _file(host, port))
        token._write()
        try:
            yield token
        finally:
            token._remove()

    def _write(self) -> None:
        """Put the file where it belongs at once, readable by nobody else at any time."""
        assert self.file is not None  # noqa: S101  (issued with one)
        beside = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.file.parent.chmod(0o700)
            beside.unlink(missing_ok=True)
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(self.secret)
            beside.replace(self.file)
        except OSError as error:
            raise ConfigError(
                f"cannot write the control token to {self.file}: {error.strerror}; name another "
                f"folder with XDG_STATE_HOME, or give a token in the environment"
            ) from error

    def _remove(self) -> None:
        """Take the file away, unless a later server has put its own there."""
        assert self.file is not None  # noqa: S101  (issued with one)
        with suppress(OSError):
            if self.file.read_text() == self.secret:
                self.file.unlink()


NOT_YOURS = (
    "the simulator at {url} is steered by the user who started it, on this machine; for another "
    "user, machine or container set TRADECTL_CONTROL_TOKEN on both sides"
)


def control_headers(url: str) -> dict[str, str]:
    """Return the header that lets this user steer the server at a URL; empty if none is known."""
    given = os.environ.get(TOKEN_VARIABLE, "")
    if given:
        return {TOKEN_HEADER: given}
    for file in _candidates(url):
        with suppress(OSError):
            return {TOKEN_HEADER: file.read_text()}
    return {}


def _candidates(url: str) -> list[Path]:
    """Return where the token of a server may lie; a server elsewhere never gets one of here."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        return []
    hosts = [*_LOOPBACK, *_ANYWHERE] if host == "localhost" else [host]
    if host in _LOOPBACK:
        hosts += _ANYWHERE
    return [_file(each, port) for each in hosts]


def _file(host: str, port: int) -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home, "tradectl", "control", f"{host.replace(':', '_')}-{port}.token")
