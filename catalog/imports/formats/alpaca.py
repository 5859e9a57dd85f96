"""Pages of Alpaca's historical trades, quotes and bars, as its REST API answers them.

A file holds one page, or one page per line, plain or compressed; in the many-symbol shape
``{"trades": {"AAPL": […]}}`` or the one-symbol shape ``{"symbol": "AAPL", "trades": […]}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from catalog.imports.flaws import Flaw
from catalog.imports.formats.files import open_input
from catalog.imports.formats.quote_lots import in_shares
from catalog.imports.formats.raw import Reading, disowned, raw_table, shown_names
from catalog.schema import Kind
from engine.domain.errors import ConfigError, DataError
from engine.domain.unreadable import UNREADABLE

_TAKEN_BACK = ("canceled", "incorrect")
"""Values of ``u`` on a print that was taken back later, at a moment the page does not tell."""


class _Trade(
    msgspec.Struct,
    frozen=True,
    rename={
        "ts_event": "t",
        "price": "p",
        "size": "s",
        "exchange": "x",
        "conditions": "c",
        "trade_id": "i",
        "tape": "z",
        "flaw": "u",
    },
):
    ts_event: str
    price: float
    size: float
    exchange: str = ""
    conditions: list[str] | None = None
    trade_id: int | None = None
    tape: str = ""
    flaw: str | None = None


class _Quote(
    msgspec.Struct,
    frozen=True,
    rename={
        "ts_event": "t",
        "bid": "bp",
        "ask": "ap",
        "bid_size": "bs",
        "ask_size": "as",
        "exchange": "bx",
        "tape": "z",
    },
):
    ts_event: str
    bid: float
    ask: float
    bid_size: float
    ask_size: float
    exchange: str = ""
    tape: str = ""


class _Bar(
    msgspec.Struct,
    frozen=True,
    rename={
        "ts_event": "t",
        "open": "o",
        "high": "h",
        "low": "l",
        "close": "c",
        "volume": "v",
        "trade_count": "n",
        "vwap": "vw",
    },
):
    ts_event: str
    open: float
    high: float
    low: float
    close: float
    volume: float
    trade_count: int | None = None
    vwap: float | None = None


_MESSAGES: dict[Kind, type[msgspec.Struct]] = {
    Kind.TRADES: _Trade,
    Kind.QUOTES: _Quote,
    Kind.BARS: _Bar,
}


def read_alpaca(path: str, kind: Kind, _: Reading) -> Iterator[pa.Table]:
    """Yield the rows of a file of pages, one table per page.

    Prints that were canceled or found incorrect later carry that as their flaw; corrected ones
    are as the page has them, corrected. A row with a field of another type than its own has none
    of them.
    """
    if kind not in _MESSAGES:
        raise ConfigError(f"{path}: Alpaca pages hold trades, quotes or bars, not {kind}")
    message: Any = _MESSAGES[kind]
    for text in _pages(path):
        try:
            page = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
            if kind not in page:
                raise DataError(f"{path} has no {kind}, only {shown_names([*page])}; check --kind")
            symbol = msgspec.json.decode(page.get("symbol", b"null"), type=str | None)
            content = _rows(page[kind], symbol, message)
        except UNREADABLE as error:
            raise DataError(f"{path} is no page of Alpaca {kind}: {error}") from error
        if content:
            yield _table(content, kind, path)


def _rows(text: bytes, symbol: str | None, message: Any) -> dict[str, list[Any]]:
    """Return rows by symbol, None for one that is none."""
    shape = list[message] if symbol else dict[str, list[message]]
    try:
        content: Any = msgspec.json.decode(text, type=shape | None)
    except msgspec.ValidationError:
        rows = list[msgspec.Raw] if symbol else dict[str, list[msgspec.Raw]]
        raw: Any = msgspec.json.decode(text, type=rows)
        by_symbol: dict[str, list[msgspec.Raw]] = {symbol: raw} if symbol else raw
        return {name: [_row(row, message) for row in rows] for name, rows in by_symbol.items()}
    return {symbol: content} if symbol and content else content or {}


def _row(text: msgspec.Raw, message: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=message)
    except msgspec.ValidationError:
        return None


def _pages(path: str) -> Iterator[bytes]:
    """Yield one page per line, or the whole file when its first line is no page of its own."""
    try:
        with open_input(path, decompress=True) as source:
            text = source.read()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    first, _, rest = text.partition(b"\n")
    if first.lstrip().startswith(b"{") and first.rstrip().endswith(b"}"):
        yield from filter(bytes.strip, (first, *rest.split(b"\n")))
    else:
        yield text


def _table(by_symbol: dict[str, list[Any]], kind: Kind, path: str) -> pa.Table:
    rows = [message for messages in by_symbol.values() for message in messages]
    columns: dict[str, Any] = {
        name: [getattr(row, name, None) for row in rows]
        for name in _MESSAGES[kind].__struct_fields__
    }
    columns["symbol"] = [symbol for symbol, messages in by_symbol.items() for _ in messages]
    columns["ts_event"] = pa.array(columns["ts_event"], pa.string())
    if kind is Kind.TRADES:
        columns["conditions"] = ["".join(codes or ()) for codes in columns["conditions"]]
        columns["trade_id"] = [_within_64_bits(number) for number in columns["trade_id"]]
        columns["flaw"] = [u if u in _TAKEN_BACK else None for u in columns["flaw"]]
    table = raw_table(pa.table(columns), kind, Reading(), path)
    table = in_shares(table) if kind is Kind.QUOTES else table
    return disowned(table, np.array([row is None for row in rows]), Flaw.BAD_LINE)


def _within_64_bits(number: int | None) -> int | None:
    return number if number is not None and abs(number) < 1 << 63 else None
