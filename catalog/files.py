"""Files that appear whole or not at all, on a local disk or behind any fsspec URL."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from collections.abc import Buffer, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from catalog.layout import TEMPORARY
from engine.domain.errors import ConfigError, RunError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_READ_BYTES = 1 << 20
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_IN_THE_WAY = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def file_system(url: str) -> tuple[AbstractFileSystem, str]:
    """Return the file system of a path or fsspec URL, and the path on it.

    Raises
    ------
    ConfigError
        Nothing is named, no such file system is known, or the package that reaches it is not
        installed.
    """
    if not url.strip():
        raise ConfigError(f"{url!r} names no file or folder: write its path, such as data/catalog")
    try:
        fs, path = fsspec.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise ConfigError(
            f"{url} cannot be reached: {error}; give a local path, or an fsspec URL whose file "
            "system is installed"
        ) from error
    return fs, str(path)


class HashingFile(io.RawIOBase):
    """A file that is written front to back, with its size and SHA-256 as they grow."""

    def __init__(self, handle: IO[bytes]) -> None:
        super().__init__()
        self._handle = handle
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: Buffer, /) -> int:
        """Append bytes and return how many."""
        view = memoryview(data)
        self._handle.write(view)
        self._hash.update(view)
        self.size += view.nbytes
        return view.nbytes

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the number of bytes written."""
        return self.size

    @property
    def sha256(self) -> str:
        """Digest of what was written so far, in hex."""
        return self._hash.hexdigest()


@contextmanager
def write_whole(fs: AbstractFileSystem, path: str) -> Iterator[HashingFile]:
    """Give a file to write that takes the place of ``path`` when the block ends without an error.

    The bytes go to a temporary name in the same folder, are forced to disk and then renamed; an
    error removes them and leaves what was stored before untouched.

    Raises
    ------
    ConfigError
        The folder may not be written.
    RunError
        The disk is full, or failed in another way.
    """
    local = isinstance(fs, LocalFileSystem)
    folder = path.rpartition("/")[0]
    temporary = f"{path}.{os.getpid()}{TEMPORARY}"
    try:
        fs.makedirs(folder, exist_ok=True)
        with fs.open(temporary, "wb") as handle:
            hashing = HashingFile(cast("IO[bytes]", handle))
            yield hashing
            handle.flush()
            if local:
                os.fsync(handle.fileno())
        if local:
            Path(temporary).replace(path)
            _sync_folder(folder)
        else:
            fs.mv(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            fs.rm_file(temporary)
        if isinstance(error, OSError):
            raise storage_error(error, path) from error
        raise


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storage_error(error: OSError, path: str) -> ConfigError | RunError:
    """Return the error that tells what to do when ``path`` cannot be written."""
    kept = "nothing that was stored before has changed"
    if error.errno in _FORBIDDEN:
        return ConfigError(
            f"cannot write {path}: {os.strerror(error.errno)}; {kept}. "
            "Make the folder writable or name another"
        )
    if error.errno in _IN_THE_WAY:
        return ConfigError(
            f"cannot write {path}: a file is in the way ({os.strerror(error.errno)}); {kept}. "
            "Name another folder"
        )
    if error.errno in _FULL:
        return RunError(
            f"cannot write {path}: {os.strerror(error.errno)}; {kept}. "
            "Free some space or name a folder on another disk, then run again"
        )
    return RunError(f"cannot write {path}: {error}; {kept}")


def file_sha256(fs: AbstractFileSystem, path: str) -> str:
    """Return the SHA-256 of a stored file, in hex."""
    digest = hashlib.sha256()
    with fs.open(path, "rb", block_size=_READ_BYTES) as handle:
        while block := cast("bytes", handle.read(_READ_BYTES)):
            digest.update(block)
    return digest.hexdigest()
