"""Market data in other people's files: Parquet, CSV, LEAN, Alpaca, Databento, nautilus."""

from catalog.imports.formats.detect import OF_ANY_VENUE, Format, format_of, read_file
from catalog.imports.formats.raw import RAW_SCHEMAS, Reading, TimeUnit

__all__ = [
    "OF_ANY_VENUE",
    "RAW_SCHEMAS",
    "Format",
    "Reading",
    "TimeUnit",
    "format_of",
    "read_file",
]
