"""Databento's binary encoding (DBN), plain or zstd; needs the ``databento`` extra.

Trades come from files of the schemas trades, tbbo and mbp-1, quotes from mbp-1 and tbbo. Records
have no sale conditions: each print counts as a regular sale.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa

from catalog.imports.formats.cells import NO_TIME
from catalog.imports.formats.files import open_input
from catalog.imports.formats.raw import Reading, raw_table
from catalog.schema import Kind
from engine.domain.errors import ConfigError, DataError
from engine.domain.session import day_of

_CHUNK_BYTES = 4 << 20
_PRICE_UNITS_PER_USD = 1_000_000_000
_UNDEFINED_PRICE = (1 << 63) - 1
_LATEST_TIME = (1 << 63) - 1
"""What is later is no time; the undefined one is the largest number of 64 bits."""

_TRADE = "T"


def read_databento(path: str, kind: Kind, _: Reading) -> Iterator[pa.Table]:
    """Yield the trades or best quotes of a DBN file; ``ts_init`` is Databento's receipt."""
    try:
        import databento_dbn as dbn  # noqa: PLC0415  (an optional extra)
    except ImportError as error:
        raise ConfigError(
            f"{path} is a DBN file; reading it needs `pip install tradectl[databento]`"
        ) from error
    if kind not in (Kind.TRADES, Kind.QUOTES):
        raise ConfigError(f"{path}: only trades and quotes are read from DBN, not {kind}")
    decoder = dbn.DBNDecoder()
    tickers = _Tickers()
    try:
        with open_input(path, decompress=True) as source:
            while chunk := source.read(_CHUNK_BYTES):
                decoder.write(chunk)
                rows: list[dict[str, Any]] = []
                for record in decoder.decode():
                    if isinstance(record, dbn.Metadata):
                        tickers.learn(record)
                    elif kind is Kind.TRADES and isinstance(record, dbn.TradeMsg | dbn.MBP1Msg):
                        if str(record.action) == _TRADE:
                            rows.append(_trade(record, tickers))
                    elif kind is Kind.QUOTES and isinstance(record, dbn.MBP1Msg):
                        rows.append(_quote(record, tickers))
                if rows:
                    yield raw_table(pa.Table.from_pylist(rows), kind, Reading(), path)
            if decoder.buffer():
                raise DataError(f"{path} ends within a record: it is cut short; fetch it again")
    except (dbn.DBNError, OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as DBN: {error}") from error


class _Tickers:
    """Which ticker an instrument id stands for on a date."""

    def __init__(self) -> None:
        self._intervals: dict[int, list[tuple[date, date, str]]] = {}

    def learn(self, metadata: Any) -> None:
        for ticker, intervals in metadata.mappings.items():
            for span in intervals:
                known = self._intervals.setdefault(int(span["symbol"]), [])
                known.append((span["start_date"], span["end_date"], ticker))

    def __call__(self, instrument_id: int, ts_event: int) -> str | None:
        spans = self._intervals.get(instrument_id, [])
        if len(spans) == 1:
            return spans[0][2]
        day = day_of(ts_event)  # 1970 for a time that is none
        return next((ticker for start, end, ticker in spans if start <= day < end), None)


def _trade(record: Any, tickers: _Tickers) -> dict[str, Any]:
    return {
        "symbol": tickers(record.instrument_id, _time(record.ts_event)),
        "ts_event": _time(record.ts_event),
        "ts_init": _time(record.ts_recv),
        "price": _usd(record.price),
        "size": record.size,
        "exchange": str(record.publisher_id),
    }


def _quote(record: Any, tickers: _Tickers) -> dict[str, Any]:
    best = record.levels[0]
    return {
        "symbol": tickers(record.instrument_id, _time(record.ts_event)),
        "ts_event": _time(record.ts_event),
        "ts_init": _time(record.ts_recv),
        "bid": _usd(best.bid_px),
        "ask": _usd(best.ask_px),
        "bid_size": best.bid_sz,
        "ask_size": best.ask_sz,
        "exchange": str(record.publisher_id),
    }


def _usd(price: int) -> float:
    """Return a price in USD, 0 where a side of the book is empty."""
    return 0.0 if price == _UNDEFINED_PRICE else price / _PRICE_UNITS_PER_USD


def _time(ts: int) -> int:
    """Return a time, UTC ns, or what stands for one that cannot be."""
    return ts if ts <= _LATEST_TIME else NO_TIME
