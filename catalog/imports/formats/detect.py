"""Which reader a file needs."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import PurePosixPath

import pyarrow as pa

from catalog.files import file_system
from catalog.imports.formats.alpaca import read_alpaca
from catalog.imports.formats.columns import read_csv, read_parquet
from catalog.imports.formats.databento import read_databento
from catalog.imports.formats.lean import read_lean
from catalog.imports.formats.nautilus import read_nautilus
from catalog.imports.formats.raw import Reading
from catalog.imports.formats.spool import read_spool
from catalog.schema import Kind
from engine.domain.errors import ConfigError, NotFoundError


class Format(StrEnum):
    """How the rows of a file are written."""

    AUTO = "auto"
    PARQUET = "parquet"
    CSV = "csv"
    ALPACA = "alpaca"
    LEAN = "lean"
    DATABENTO = "databento"
    NAUTILUS = "nautilus"
    SPOOL = "spool"


OF_ANY_VENUE = (Format.PARQUET, Format.CSV, Format.DATABENTO)
"""Formats whose quotes may be of single venues; those of the others are national bests."""

_BY_ENDING = {
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".csv": Format.CSV,
    ".txt": Format.CSV,
    ".json": Format.ALPACA,
    ".jsonl": Format.ALPACA,
    ".zip": Format.LEAN,
    ".dbn": Format.DATABENTO,
    ".spool": Format.SPOOL,
}

_READERS = {
    Format.PARQUET: read_parquet,
    Format.CSV: read_csv,
    Format.ALPACA: read_alpaca,
    Format.LEAN: read_lean,
    Format.DATABENTO: read_databento,
    Format.NAUTILUS: read_nautilus,
    Format.SPOOL: read_spool,
}


def read_file(path: str, kind: Kind, form: Format, reading: Reading) -> Iterator[pa.Table]:
    """Yield the rows of a file as tables of ``RAW_SCHEMAS[kind]``, in the file's order.

    Raises
    ------
    NotFoundError
        There is no such file.
    ConfigError
        The format cannot be told, or does not fit the kind or the columns.
    DataError
        The file is damaged.
    """
    return _READERS[format_of(path, form)](path, kind, reading)


def format_of(path: str, form: Format) -> Format:
    """Return the format of a file, by its ending unless it is said; raises as ``read_file``."""
    fs, name = file_system(path)
    if not fs.exists(name):
        raise NotFoundError(f"{path} does not exist")
    if form is not Format.AUTO:
        return form
    if not fs.isdir(name):
        return _by_ending(path)
    if not fs.isdir(f"{name.rstrip('/')}/data"):
        raise ConfigError(
            f"{path} is a folder, and no catalog of nautilus, which has a folder data: name the "
            f"files in it, such as {path.rstrip('/')}/*.csv"
        )
    return Format.NAUTILUS


def _by_ending(path: str) -> Format:
    for ending in reversed(PurePosixPath(path).suffixes):
        if ending in _BY_ENDING:
            return _BY_ENDING[ending]
    raise ConfigError(
        f"{path}: its ending tells no format; name one with --format "
        f"({', '.join(form for form in Format if form is not Format.AUTO)})"
    )
