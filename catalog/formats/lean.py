"""LEAN's tick archives, one zip per ticker, date and kind.

``equity/usa/tick/spy/20131007_trade.zip`` holds one CSV without a header:
``ms since midnight (New York), price × 10,000, size, exchange, condition flags (hex), suspicious``;
a quote file ``ms, bid, bid size, ask, ask size, exchange, flags, suspicious``, each row with one
side only. Format and flags: LEAN's ``Data/equity/readme.md`` and ``TradeConditionFlags``.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath
from typing import IO, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
from numpy.typing import NDArray

from catalog.formats.files import open_input
from catalog.formats.raw import Reading, raw_table
from catalog.schema import Kind
from engine.domain.errors import ConfigError, DataError
from engine.domain.session import NANOS_PER_SECOND, NEW_YORK

_PRICE_UNITS_PER_USD = 10_000
_NANOS_PER_MS = 1_000_000

_COLUMNS = {
    Kind.TRADES: ("ms", "price", "size", "exchange", "flags", "suspicious"),
    Kind.QUOTES: ("ms", "bid", "bid_size", "ask", "ask_size", "exchange", "flags", "suspicious"),
}
_TEXT = ("exchange", "flags", "suspicious")

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


def read_lean(path: str, kind: Kind, reading: Reading) -> Iterator[pa.Table]:
    """Yield the rows of a tick archive; suspicious ones carry that as their flaw.

    Quotes are completed with the other side's last quote at the same exchange.
    """
    if kind not in _COLUMNS:
        raise ConfigError(f"{path}: a LEAN tick archive holds trades or quotes, not {kind}")
    midnight_ns = _midnight(path)
    symbol = reading.symbol or PurePosixPath(path).parent.name.upper()
    types = {name: pa.string() if name in _TEXT else pa.float64() for name in _COLUMNS[kind]}
    try:
        with (
            open_input(path) as file,
            zipfile.ZipFile(cast("IO[bytes]", file)) as archive,
            archive.open(archive.namelist()[0]) as content,
        ):
            ticks = pv.read_csv(
                content,
                read_options=pv.ReadOptions(column_names=list(_COLUMNS[kind])),
                convert_options=pv.ConvertOptions(column_types=types),
            )
    except (pa.ArrowException, OSError, zipfile.BadZipFile, IndexError) as error:
        raise DataError(f"{path} cannot be read as a LEAN tick archive: {error}") from error
    since_midnight = np.rint(ticks["ms"].to_numpy() * _NANOS_PER_MS).astype(np.int64)
    columns: dict[str, Any] = {
        "ts_event": midnight_ns + since_midnight,
        "exchange": ticks["exchange"],
        "flaw": pc.if_else(pc.equal(ticks["suspicious"], pa.scalar("1")), "suspicious", None),
    }
    if kind is Kind.TRADES:
        columns["price"] = pc.divide(ticks["price"], _PRICE_UNITS_PER_USD)
        columns["size"] = ticks["size"]
        columns["conditions"] = _conditions(ticks["flags"])
    else:
        columns |= _two_sided(ticks)
    yield raw_table(pa.table(columns), kind, Reading(symbol=symbol), path)


def _midnight(path: str) -> int:
    """Return New York midnight of the date in an archive's name, UTC ns."""
    name = PurePosixPath(path).name
    found = re.match(r"(\d{8})_(trade|quote)", name)
    if found is None:
        raise ConfigError(f"{path}: a LEAN tick archive is named like 20131007_trade.zip")
    day = datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=NEW_YORK)
    return int(day.timestamp()) * NANOS_PER_SECOND


def _conditions(flags: pa.ChunkedArray) -> list[str]:
    """Return sale-condition codes for hexadecimal flags."""
    texts: list[Any] = flags.to_pylist()
    codes = {text: _codes(int(text or "0", 16)) for text in set(texts)}
    return [codes[text] for text in texts]


def _codes(bits: int) -> str:
    return "".join(code for bit, code in _CODES_BY_BIT.items() if bits >> bit & 1)


def _two_sided(ticks: pa.Table) -> dict[str, NDArray[np.float64]]:
    """Return bids and asks in USD, each row with the last of both sides at its exchange."""
    _, exchange = np.unique(ticks["exchange"].to_numpy().astype(str), return_inverse=True)
    sides: dict[str, NDArray[np.float64]] = {}
    for side in ("bid", "ask"):
        price = ticks[side].to_numpy() / _PRICE_UNITS_PER_USD
        size = ticks[f"{side}_size"].to_numpy()
        last = _last_given(exchange, price > 0)
        sides[side] = np.where(last >= 0, price[last], 0.0)
        sides[f"{side}_size"] = np.where(last >= 0, size[last], 0.0)
    return sides


def _last_given(group: NDArray[np.int64], given: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the position of each row's last given row in its group, -1 before the first."""
    position = np.full(len(group), -1, dtype=np.int64)
    for member in np.unique(group):
        rows = np.flatnonzero(group == member)
        position[rows] = np.maximum.accumulate(np.where(given[rows], rows, -1))
    return position
