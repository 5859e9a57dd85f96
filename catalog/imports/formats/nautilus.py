"""A nautilus ``ParquetDataCatalog``, read through nautilus, one instrument at a time.

Its ticks have no exchange and no sale conditions: each print counts as a regular sale.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from catalog.imports.formats.raw import Reading, raw_table
from catalog.schema import Kind
from engine.domain.errors import ConfigError, DataError

_QUOTE_COLUMNS = {"bid": "bid_price", "ask": "ask_price"}


def read_nautilus(path: str, kind: Kind, _: Reading) -> Iterator[pa.Table]:
    """Yield the ticks of every instrument; the ticker is its id without the venue."""
    from nautilus_trader.model import NautilusDataType  # noqa: PLC0415  (a second to import)
    from nautilus_trader.persistence import ParquetDataCatalog  # noqa: PLC0415

    if kind not in (Kind.TRADES, Kind.QUOTES):
        raise ConfigError(f"{path}: only trades and quotes are read from nautilus, not {kind}")
    ticks = NautilusDataType.TradeTick if kind is Kind.TRADES else NautilusDataType.QuoteTick
    source = ParquetDataCatalog(path)
    try:
        for instrument in source.list_instruments(ticks):
            stream = source.query_data_arrow_stream(ticks, [instrument])
            symbol = instrument.rpartition(".")[0]
            for batch in pa.RecordBatchReader._import_from_c_capsule(stream):  # noqa: SLF001
                yield _raw(pa.Table.from_batches([batch]), kind, symbol, path)
    except (RuntimeError, OSError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read as a nautilus catalog: {error}") from error


def _raw(ticks: pa.Table, kind: Kind, symbol: str, path: str) -> pa.Table:
    if kind is Kind.QUOTES:
        return raw_table(ticks, kind, Reading(_QUOTE_COLUMNS, symbol), path)
    ids = ticks["trade_id"]
    is_number = pc.match_substring_regex(ids, r"^[0-9]{1,18}$")
    numbers = pc.if_else(is_number, ids, None).cast(pa.int64())
    position = ticks.schema.get_field_index("trade_id")
    return raw_table(
        ticks.set_column(position, "trade_id", numbers), kind, Reading(symbol=symbol), path
    )
