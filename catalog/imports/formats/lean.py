"""LEAN's tick archives, one zip per ticker, date and kind.

``equity/usa/tick/spy/20131007_trade.zip`` holds one CSV without a header:
``ms since midnight (New York), price × 10,000, size, exchange, condition flags (hex), suspicious``;
a quote file ``ms, bid, bid size, ask, ask size, exchange, flags, suspicious``, each row with one
side only: a quote of both is two rows of one millisecond, bid before ask, each side with the
exchange that is best on it. Format and flags: LEAN's ``Data/equity/readme.md`` and
``TradeConditionFlags``.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath
from typing import IO, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.imports.flaws import Flaw
from catalog.imports.formats import cells
from catalog.imports.formats.csv_lines import CsvLines
from catalog.imports.formats.files import open_input
from catalog.imports.formats.lean_quotes import QuotePairs
from catalog.imports.formats.raw import Reading, disowned, raw_table
from catalog.schema import Kind
from engine.domain.errors import ConfigError, DataError
from engine.domain.session import NANOS_PER_SECOND, NEW_YORK

_PRICE_UNITS_PER_USD = 10_000
_NANOS_PER_MS = 1_000_000
_MS_PER_DAY = 86_400_000

_COLUMNS = {
    Kind.TRADES: ["ms", "price", "size", "exchange", "flags", "suspicious"],
    Kind.QUOTES: ["ms", "bid", "bid_size", "ask", "ask_size", "exchange", "flags", "suspicious"],
}

_RESOLUTIONS = ("second", "minute", "hour", "daily")
"""Those of bars; folder and inner name say which an archive holds."""

_MOST_PACKED = 200
_SMALL_BYTES = 64 << 20
"""Ticks are packed to a tenth or so; what is smaller may be packed as it likes."""

_CODES_BY_BIT = {
    0: "@",
    1: "C",
    2: "N",
    3: "R",
    4: "Y",
    5: "F",
    6: "O",
    7: "6",
    8: "5",
    9: "4",
    10: "T",
    11: "L",
    13: "U",
    14: "Z",
    16: "A",
    17: "B",
    18: "V",
    19: "D",
    20: "W",
    21: "X",
    22: "H",
    23: "K",
    24: "M",
    25: "P",
    26: "Q",
    28: "E",
    31: "I",
}
"""Sale-condition code of each flag; bits 12, 15, 27, 29 and 30 have none that changes a bar."""

_FLAGS = re.compile(r"(?:0x)?[0-9a-f]{1,16}", re.ASCII | re.IGNORECASE)
_UNKNOWN_FLAGS = "?"


def read_lean(path: str, kind: Kind, reading: Reading) -> Iterator[pa.Table]:
    """Yield the rows of a tick archive; suspicious ones carry that as their flaw.

    Quotes are read in pairs; a side that comes alone is completed with the other side's last quote
    at the same exchange.

    Raises
    ------
    ConfigError
        The archive holds bars, or its name does not tell the date.
    DataError
        It is damaged, or packed as no archive of ticks is.
    """
    if kind not in _COLUMNS:
        raise ConfigError(f"{path}: a LEAN tick archive holds trades or quotes, not {kind}")
    midnight_ns = _midnight(path)
    symbol = reading.symbol or PurePosixPath(path).parent.name.upper()
    _expect_ticks(path, PurePosixPath(path).parts[:-1])
    pairs = QuotePairs()
    try:
        with (
            open_input(path) as file,
            zipfile.ZipFile(cast("IO[bytes]", file)) as archive,
            archive.open(_inner(archive, path)) as content,
        ):
            names = _COLUMNS[kind]
            for block in CsvLines(cast("IO[bytes]", content), ",", path).blocks(names, names):
                ticks = _numbered(block.rows)
                columns = _columns(ticks, midnight_ns, kind)
                raw = raw_table(pa.table(columns), kind, Reading(symbol=symbol), path)
                raw = disowned(raw, block.broken, Flaw.BAD_LINE)
                yield raw if kind is Kind.TRADES else pairs.paired(raw)
            yield from pairs.rest()
    except (
        pa.ArrowException,
        OSError,
        EOFError,
        RuntimeError,
        NotImplementedError,
        zipfile.BadZipFile,
        zlib.error,
        IndexError,
    ) as error:
        raise DataError(f"{path} cannot be read as a LEAN tick archive: {error}") from error


def _inner(archive: zipfile.ZipFile, path: str) -> str:
    """Return the name of the file in an archive, if that may hold ticks."""
    inner = archive.infolist()[0]
    _expect_ticks(path, re.split(r"[_./]", inner.filename))
    if inner.file_size > max(_SMALL_BYTES, _MOST_PACKED * inner.compress_size):
        raise DataError(
            f"{path} would be {inner.file_size:,} bytes of {inner.compress_size:,}: no archive of "
            "ticks is packed like that, and it is not read"
        )
    return inner.filename


def _expect_ticks(path: str, words: tuple[str, ...] | list[str]) -> None:
    found = next((word.lower() for word in words if word.lower() in _RESOLUTIONS), None)
    if found:
        raise ConfigError(
            f"{path} holds bars of LEAN's resolution {found!r}, which are no ticks: import the "
            "archive of the same date under tick/"
        )


def _midnight(path: str) -> int:
    """Return New York midnight of the date in an archive's name, UTC ns."""
    name = PurePosixPath(path).name
    found = re.match(r"(\d{8})_(trade|quote)", name)
    try:
        day = datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=NEW_YORK) if found else None
    except ValueError:
        day = None
    if day is None:
        raise ConfigError(f"{path}: a LEAN tick archive is named like 20131007_trade.zip")
    return int(day.timestamp()) * NANOS_PER_SECOND


def _numbered(rows: pa.Table) -> pa.Table:
    """Return rows with numbers where numbers belong, null where one is none."""
    columns: dict[str, Any] = {
        name: rows[name]
        if name in ("exchange", "flags", "suspicious")
        else cells.numbers(rows[name], pa.float64())
        for name in rows.column_names
    }
    return pa.table(columns)


def _columns(ticks: pa.Table, midnight_ns: int, kind: Kind) -> dict[str, Any]:
    """Return ticks as columns that ``raw_table`` understands."""
    ms = ticks["ms"].to_numpy()
    is_time = (ms >= 0) & (ms < _MS_PER_DAY)
    since_midnight = np.rint(np.where(is_time, ms, 0) * _NANOS_PER_MS).astype(np.int64)
    usd = {
        name: pc.divide(ticks[name], _PRICE_UNITS_PER_USD)
        for name in ("price", "bid", "ask")
        if name in ticks.column_names
    }
    columns = {
        "ts_event": pa.array(np.where(is_time, midnight_ns + since_midnight, cells.NO_TIME)),
        "exchange": ticks["exchange"],
        "flaw": pc.if_else(pc.equal(ticks["suspicious"], pa.scalar("1")), "suspicious", None),
        **usd,
    }
    if kind is Kind.TRADES:
        conditions = cells.recoded(ticks["flags"], _codes)
        return columns | {"size": ticks["size"], "conditions": conditions}
    return columns | {name: ticks[name] for name in ("bid_size", "ask_size")}


def _codes(flags: str) -> str:
    """Return sale-condition codes for hexadecimal flags."""
    if flags and not _FLAGS.fullmatch(flags):
        return _UNKNOWN_FLAGS
    bits = int(flags or "0", 16)
    return "".join(code for bit, code in _CODES_BY_BIT.items() if bits >> bit & 1)
