"""A file is there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from engine.domain.errors import RunError

TEMPORARY = ".tmp-"
"""Prefix of files that a killed writer may leave behind."""


def write_atomically(
    path: Path,
    write: Callable[[BinaryIO], object],
    check: Callable[[Path], object] = lambda _: None,
) -> None:
    """Write a file under a temporary name, make it durable, check it, then give it its name.

    Raises
    ------
    RunError
        The disk is full or the folder cannot be written; an earlier file of that name is intact.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            check(Path(name))
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError(
            f"cannot write {path}: {reason}; make room, or choose another folder"
        ) from error


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
