"""What a database's refusal means: wait, correct something, or halt."""

from __future__ import annotations

import errno
import sqlite3

from engine.domain.errors import JournalDenied, JournalError, JournalUnavailable

_FILE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_FILE_DENIED = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOTADB}
)
_DENIED_STATES = ("28", "3D", "42501")
"""Beginnings of SQLSTATE: who we are, which database, what we may."""
_DENIED_WORDS = ("authentication failed", "does not exist", "no pg_hba.conf entry", "not permitted")
"""A server that refuses a connection gives no SQLSTATE to its client library, words alone."""
_DENIED_FILES = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR}
)
_LOST_STATES = ("08", "57P", "53300")
"""Beginnings of SQLSTATE: connection lost, server stopping or starting, too many connections."""


def refusal(what: str, error: Exception) -> JournalError:
    """Return the error that names the remedy of what a database, or its disk, refused.

    Parameters
    ----------
    what : str
        What was tried, as ``cannot open facts.sqlite``.
    """
    cause = getattr(error, "orig", None) or error
    return _kind(cause)(f"{what}: {reason(error)}")


def reason(error: Exception) -> str:
    """Return what a database says, without the statement it refused."""
    return str(getattr(error, "orig", None) or error).strip()


def _kind(cause: BaseException) -> type[JournalError]:
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the primary of an extended code
        if code in _FILE_BUSY:
            return JournalUnavailable
        return JournalDenied if code in _FILE_DENIED else JournalError
    if isinstance(cause, OSError):
        return JournalDenied if cause.errno in _DENIED_FILES else JournalError
    state = getattr(cause, "sqlstate", None) or ""
    if state.startswith(_DENIED_STATES):
        return JournalDenied
    if state.startswith(_LOST_STATES):
        return JournalUnavailable
    if not state and type(cause).__name__ in {"OperationalError", "ConnectionTimeout"}:
        told = str(cause)
        return JournalDenied if any(word in told for word in _DENIED_WORDS) else JournalUnavailable
    return JournalError
