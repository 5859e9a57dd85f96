"""What a live run has kept of what arrived."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from catalog.imports.flaws import Flaw
from catalog.imports.formats.raw import RAW_SCHEMAS, Reading
from catalog.schema import HALT, RESUME, Kind
from catalog.spool.bodies import BodyReader
from catalog.spool.chunks import bodies
from catalog.spool.coding import Coding
from catalog.spool.heading import files_of
from catalog.spool.spooled import CODED, marked
from engine.domain.errors import ConfigError
from engine.domain.fixed_point import float_prices, float_sizes
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch


def read_spool(path: str, kind: Kind, _: Reading) -> Iterator[pa.Table]:
    """Yield the rows of a spool's file, a chunk at a time; one that was cut short ends it.

    A row that the file, or one of the run before it, holds already because the venue's time went
    back is disowned as repeated.
    """
    local = Path(path)
    match kind:
        case Kind.TRADES:
            for trades, repeated in _marked(local, kind):
                yield _raw(_of_trades(trades), kind, repeated)
        case Kind.QUOTES:
            for quotes, repeated in _marked(local, kind):
                yield _raw(_of_quotes(quotes), kind, repeated)
        case Kind.STATUSES:
            yield from _statuses(local)
        case Kind.BARS:
            raise ConfigError(f"{path}: a spool holds trades, quotes or statuses, not bars")


def _marked(path: Path, kind: Kind) -> Iterator[tuple[Any, NDArray[np.bool_] | None]]:
    """Yield a file's batches and which rows had come before; other files are read if they must."""
    earlier = [each for each in files_of(path.parent, kind) if each.name < path.name]
    first, _, is_sorted = _arrivals(path, kind, path.stat().st_size)
    ends = [_arrivals(each, kind, each.stat().st_size)[1] for each in earlier]
    goes_back = not is_sorted or first < max(ends, default=0)
    for source, batch, repeated in marked([*(earlier if goes_back else ()), path], CODED[kind]):
        if source == path:
            yield batch, repeated


@lru_cache(maxsize=4096)
def _arrivals(path: Path, kind: Kind, _size: int) -> tuple[int, int, bool]:
    """Return the first and the latest arrival of a file, and whether none goes back."""
    first, latest, is_sorted = -1, 0, True
    for _, batch in CODED[kind]([path], Coding(), Coding()):
        ts = batch.ts_init
        is_sorted = is_sorted and int(ts[0]) >= latest and not (ts[1:] < ts[:-1]).any()
        first, latest = (int(ts[0]) if first < 0 else first), max(latest, int(ts.max()))
    return first, latest, is_sorted


def _statuses(path: Path) -> Iterator[pa.Table]:
    kind, seen = Kind.STATUSES, set[tuple[str, int, bool, str]]()
    for source in (*(f for f in files_of(path.parent, kind) if f.name < path.name), path):
        reader = BodyReader()
        for body in bodies(source):
            batch = reader.statuses(body)
            names = [(each.symbol, each.ts_event, each.halted, each.reason) for each in batch]
            if source == path:
                repeated = np.array(
                    [name in seen or name in names[:n] for n, name in enumerate(names)], np.bool_
                )
                yield _raw(_of_statuses(batch), kind, repeated)
            seen.update(names)


def _of_trades(batch: TradeBatch) -> dict[str, Any]:
    return {
        "symbol": _texts(batch.symbol_id, batch.symbols),
        "ts_event": batch.ts_event,
        "ts_init": batch.ts_init,
        "price": float_prices(batch.price),
        "size": float_sizes(batch.size),
        "exchange": pa.repeat("", len(batch)),
        "conditions": _texts(batch.condition_id, batch.conditions),
    }


def _of_quotes(batch: QuoteBatch) -> dict[str, Any]:
    return {
        "symbol": _texts(batch.symbol_id, batch.symbols),
        "ts_event": batch.ts_event,
        "ts_init": batch.ts_init,
        "bid": float_prices(batch.bid),
        "ask": float_prices(batch.ask),
        "bid_size": batch.bid_size.astype(float),
        "ask_size": batch.ask_size.astype(float),
        "exchange": pa.repeat("", len(batch)),
    }


def _of_statuses(statuses: list[TradingStatus]) -> dict[str, Any]:
    return {
        "symbol": [status.symbol for status in statuses],
        "ts_event": [status.ts_event for status in statuses],
        "ts_init": [status.ts_init for status in statuses],
        "action": [HALT if status.halted else RESUME for status in statuses],
        "reason": [status.reason for status in statuses],
    }


def _texts(ids: Any, table: tuple[str, ...]) -> Any:
    texts: Any = pa.array(table, pa.string())
    return texts.take(pa.array(ids))


def _raw(
    columns: dict[str, Any], kind: Kind, repeated: NDArray[np.bool_] | None = None
) -> pa.Table:
    schema = RAW_SCHEMAS[kind]
    rows = len(columns["ts_init"])
    if repeated is not None and repeated.any():
        flaws = [Flaw.REPEATED.value if each else None for each in repeated]
        columns = columns | {"flaw": flaws}
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)
