"""Who may write where, and which secrets this process was given."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from app.doctor.check import Check, failed, passed, warned
from app.doctor.disk import existing
from app.redaction import secret_names

_VENUE_KEYS = {"APCA_API_KEY_ID", "APCA_API_SECRET_KEY"}


def permissions(folders: Iterable[Path]) -> Check:
    """Check that this user may write into folders, or make them, and that not everybody may."""
    found = sorted({existing(folder) for folder in folders})
    closed = [str(folder) for folder in found if not os.access(folder, os.W_OK | os.X_OK)]
    if closed:
        remedy = f"chown them to {os.geteuid()}, or choose others"
        return failed("permissions", f"cannot write into {', '.join(closed)}", remedy)
    opened = [str(folder) for folder in found if _is_open(folder)]
    if opened:
        finding = f"anybody may write into {', '.join(opened)}"
        return warned("permissions", finding, f"chmod o-w {' '.join(opened)}")
    return passed("permissions", f"{len(found)} folders can be written, by their owners only")


def _is_open(folder: Path) -> bool:
    mode = folder.stat().st_mode
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX


def secrets(environment: Mapping[str, str]) -> Check:
    """Say which secrets are set, never what they are."""
    names = secret_names(environment)
    held = _VENUE_KEYS & set(names)
    if len(held) == 1:
        (missing,) = _VENUE_KEYS - held
        return warned("secrets", f"set: {', '.join(names)}", f"set {missing}, too")
    finding = f"set: {', '.join(names)}" if names else "none set; only trading and pulling need any"
    return passed("secrets", finding)
