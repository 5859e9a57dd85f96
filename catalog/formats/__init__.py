"""Market data in other people's files: Parquet, CSV, LEAN, Alpaca, Databento, nautilus."""

from catalog.formats.detect import Format, read_file
from catalog.formats.raw import RAW_SCHEMAS, Reading, TimeUnit

__all__ = ["RAW_SCHEMAS", "Format", "Reading", "TimeUnit", "read_file"]
