"""Where the server between hub and shards is, and what opens it; passwords are never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from engine.domain.errors import ConfigError

PASSWORD_VARIABLE = "TRADECTL_REDIS_PASSWORD"  # noqa: S105  (its name)
_PORT = 6379
_OTHERS = 0o077
_FORMS = "redis://[USER@]HOST[:PORT][/DB], rediss://… (TLS) or unix://[USER@]/PATH[?db=DB]"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A Redis or Valkey server.

    Attributes
    ----------
    host, port : str, int
        Of a server that listens on a network; ``host`` is empty for one behind a socket's file.
    path : str
        The socket's file, empty where there is a host.
    database : int
    user : str
        Empty for the server's default user.
    password : str
        Empty where none is asked for.
    is_encrypted : bool
        Whether TLS is spoken; the certificate must be valid for the host.
    ca_file : Path or None
        Who may have signed the certificate, PEM; None for those that the system trusts.
    """

    host: str = ""
    port: int = _PORT
    path: str = ""
    database: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    is_encrypted: bool = False
    ca_file: Path | None = None

    @classmethod
    def read(
        cls,
        url: str,
        *,
        password_file: Path | None = None,
        ca_file: Path | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> ServerAddress:
        """Return the server that a URL names.

        Its password is that of ``password_file``, else the one in the URL, else that of the
        variable ``TRADECTL_REDIS_PASSWORD``.

        Parameters
        ----------
        url : str
            ``redis://[user@]host[:port][/db]``, ``rediss://…`` for TLS, ``unix://[user@]/path``.
        password_file : Path, optional
            Its first line is the password; nobody but its owner may read it.
        ca_file : Path, optional
            Certificates (PEM) of those who may have signed the server's.

        Raises
        ------
        ConfigError
            The URL is of another form, or a file cannot be read or may be read by others.
        """
        try:
            parts = urlsplit(url)
            port, database = parts.port or _PORT, _database(parts)
        except ValueError:
            raise ConfigError(f"the address of the server has no form of {_FORMS}") from None
        is_socket = parts.scheme == "unix"
        host, path = (parts.hostname or "", "") if not is_socket else ("", unquote(parts.path))
        if parts.scheme not in {"redis", "rediss", "unix"} or not (host or path):
            raise ConfigError(f"the address of the server has no form of {_FORMS}")
        if ca_file is not None and parts.scheme != "rediss":
            raise ConfigError(
                f"{ca_file} is of use with TLS alone; write rediss://… as the address"
            )
        if ca_file is not None and not ca_file.is_file():
            raise ConfigError(f"{ca_file} is no file of certificates; name one in PEM")
        password = unquote(parts.password or "") or environment.get(PASSWORD_VARIABLE, "")
        return cls(
            host,
            port,
            path,
            database,
            unquote(parts.username or ""),
            password if password_file is None else read_password(password_file),
            is_encrypted=parts.scheme == "rediss",
            ca_file=ca_file,
        )

    @property
    def shown(self) -> str:
        """The URL without the password."""
        user = f"{self.user}@" if self.user else ""
        if self.path:
            database = f"?db={self.database}" if self.database else ""
            return f"unix://{user}{self.path}{database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        database = f"/{self.database}" if self.database else ""
        scheme = "rediss" if self.is_encrypted else "redis"
        return f"{scheme}://{user}{host}:{self.port}{database}"


def read_password(path: Path) -> str:
    """Return the password in a file's first line.

    Raises
    ------
    ConfigError
        The file cannot be read, is empty, or may be read by others.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(f"the password of the server cannot be read: {path}: {reason}") from error
    if mode & _OTHERS:
        raise ConfigError(f"{path} holds a password and others may read it; run chmod 600 {path}")
    password = text.partition("\n")[0].strip()
    if not password:
        raise ConfigError(f"{path} is empty; its first line is to be the password of the server")
    return password


def _database(parts: SplitResult) -> int:
    """Return the number of the database; raises ValueError for anything else in its place."""
    options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    named = options.pop("db", "") or (parts.path.strip("/") if parts.scheme != "unix" else "")
    if options:
        raise ValueError(parts.query)
    database = int(named or "0")
    if database < 0:
        raise ValueError(named)
    return database
