"""The key that signs access tokens: a file that only its user reads, made where there is none."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from app.access.state_folder import refuse_readable, state_folder
from engine.domain.errors import ConfigError

_BYTES = 32


def signing_key() -> bytes:
    """Return the key, 32 bytes.

    Raises
    ------
    ConfigError
        Its file cannot be written, can be read by others, or holds something else.
    """
    path = state_folder() / "signing.key"
    try:
        if not path.exists():
            _make(path)
        refuse_readable(path)
        key = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot use the signing key {path}: {error.strerror}") from error
    if len(key) != _BYTES:
        raise ConfigError(
            f"{path} has {len(key)} bytes, expected {_BYTES}: remove it, everybody signs in again"
        )
    return key


def _make(path: Path) -> None:
    """Put a new key where it belongs, whole, unless somebody else was first."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(_BYTES))
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(beside, path)
    beside.unlink()
