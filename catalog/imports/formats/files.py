"""Input files on a local disk or behind an fsspec URL, decompressed on the way."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from catalog.files import file_system

_CODECS: dict[str, Literal["gzip", "zstd", "bz2"]] = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}


def open_input(path: str, *, decompress: bool = False) -> pa.NativeFile:
    """Open a file for reading; with ``decompress``, by its ending."""
    fs, name = file_system(path)
    if isinstance(fs, LocalFileSystem):
        source: pa.NativeFile = pa.OSFile(name, "rb")
    else:
        source = pa.PythonFile(fs.open(name), "r")
    codec = _CODECS.get(PurePosixPath(path).suffix)
    return pa.CompressedInputStream(source, codec) if decompress and codec else source


def bare_name(path: str) -> str:
    """Return a file's name without its folder."""
    return PurePosixPath(path).name
