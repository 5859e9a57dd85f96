"""Where the gateway keeps what belongs to this machine alone: its key, and what it renewed."""

from __future__ import annotations

import os
from pathlib import Path

from engine.domain.errors import ConfigError

_OTHERS = 0o077


def state_folder() -> Path:
    """Return the folder, made for this user alone.

    Raises
    ------
    ConfigError
        It cannot be made.
    """
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = Path(home, "tradectl", "web")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ConfigError(
            f"cannot make {folder}: {error.strerror}; name another folder with XDG_STATE_HOME"
        ) from error
    return folder


def refuse_readable(path: Path) -> None:
    """Take no file that others than its owner can read or write.

    Raises
    ------
    ConfigError
        They can, or it is somebody else's.
    """
    found = path.stat()
    if found.st_uid != os.getuid():
        raise ConfigError(f"{path} belongs to another user: move it away, a new one is made")
    if found.st_mode & _OTHERS:
        raise ConfigError(
            f"{path} can be read by others (mode {found.st_mode & 0o777:o}): remove it, everybody "
            f"signs in again; or, if nobody has, chmod 600 {path}"
        )
