"""Which refresh token of a sign-in counts: the last that was given out, and none before it."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from contextlib import closing
from enum import StrEnum
from pathlib import Path

from app.access.state_folder import refuse_readable, state_folder
from engine.domain.errors import ConfigError

_WAIT_SECS = 5.0
_TABLE = """create table if not exists renewals (
    session_id text primary key, token_hash blob not null, expires_ns integer not null,
    renewed_ns integer not null
)"""


class Renewal(StrEnum):
    """What a refresh token was good for."""

    GRANTED = "granted"
    REUSED = "reused"
    """It was given out once, and another one after it."""
    UNKNOWN = "unknown"
    """The sign-in did not begin at this machine, or is long over."""


class Renewals:
    """A file of hashes, beside the signing key; gateways of one user share it.

    It is no part of the journal: it changes every few minutes, and with it lost everybody signs in
    again, nothing else. It is durable when a method returns, so a killed gateway forgets nothing.

    Raises
    ------
    ConfigError
        The file cannot be written, or can be read by others.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or state_folder() / "renewals.sqlite"
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
            os.close(handle)
            refuse_readable(self.path)
            with self._open() as file:
                file.execute(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(
                f"cannot use {self.path}: {error}; remove it, everybody signs in again"
            ) from error

    def newest_ns(self) -> int:
        """Return when a token was given out last, UTC ns; 0 where none ever was."""
        with self._open() as file:
            return file.execute("select coalesce(max(renewed_ns), 0) from renewals").fetchone()[0]

    def begin(self, session_id: str, token: str, now: int, expires_ns: int) -> None:
        """Keep the first token of a sign-in, and forget sign-ins that are over."""
        with self._open() as file:
            # the newest stays: it tells how late it is at least
            file.execute(
                "delete from renewals where expires_ns < ? and renewed_ns < "
                "(select max(renewed_ns) from renewals)",
                (now,),
            )
            file.execute(
                "insert into renewals values (?, ?, ?, ?)",
                (session_id, _hash(token), expires_ns, now),
            )

    def renew(self, session_id: str, old: str, new: str, now: int) -> Renewal:
        """Let a new token take the place of an old one, if that is the one that counts."""
        with self._open() as file:
            changed = file.execute(
                "update renewals set token_hash = ?, renewed_ns = ? "
                "where session_id = ? and token_hash = ?",
                (_hash(new), now, session_id, _hash(old)),
            )
            if changed.rowcount == 1:
                return Renewal.GRANTED
            found = file.execute("select 1 from renewals where session_id = ?", (session_id,))
            return Renewal.UNKNOWN if found.fetchone() is None else Renewal.REUSED

    def end(self, session_id: str) -> None:
        """Forget a sign-in: no token of it counts any more."""
        with self._open() as file:
            file.execute("delete from renewals where session_id = ?", (session_id,))

    def _open(self) -> _Transaction:
        return _Transaction(self.path)


def machine_now() -> int:
    """Return UTC ns, no earlier than any instant at which a gateway of this user was at work.

    A clock that was ahead then and was put right since makes no invitation that is over at once.
    """
    return max(time.time_ns(), Renewals().newest_ns())


class _Transaction:
    """A connection whose changes are kept together, or not at all."""

    def __init__(self, path: Path) -> None:
        self._closing = closing(sqlite3.connect(path, timeout=_WAIT_SECS))

    def __enter__(self) -> sqlite3.Connection:
        self._connection = self._closing.__enter__()
        self._connection.execute("pragma synchronous = full")
        return self._connection.__enter__()

    def __exit__(self, *error: object) -> None:
        try:
            self._connection.__exit__(*error)  # pyright: ignore[reportArgumentType]
        finally:
            self._closing.__exit__(*error)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
