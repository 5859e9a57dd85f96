"""Beside the catalog: small made-up tapes, and files that hold them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog import Catalog
from catalog.schema import SCHEMAS, Kind
from engine.domain.fixed_point import SIZE_SCALE

type TapeMaker = Callable[..., pa.Table]
type FileMaker = Callable[..., str]

OPEN_NS = 1_514_903_400_000_000_000


@pytest.fixture
def day() -> date:
    """Return the date of the made-up tapes: their open is 2018-01-02T14:30Z."""
    return date(2018, 1, 2)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Return an empty catalog on disk."""
    return Catalog(str(tmp_path / "catalog"))


@pytest.fixture(scope="session")
def tape() -> TapeMaker:
    """Return a maker of trades: ``tape(n, symbols, seed)``, sorted by arrival."""

    def make(n: int, symbols: tuple[str, ...] = ("AAPL", "AMZN"), seed: int = 0) -> pa.Table:
        chance = np.random.default_rng(seed)
        ts_init = np.sort(chance.integers(0, 10_000, n)) * 1_000_000 + OPEN_NS
        columns = {
            "symbol": [symbols[i] for i in chance.integers(0, len(symbols), n)],
            "ts_event": ts_init - chance.integers(0, 1_000_000, n),
            "ts_init": ts_init,
            "price": chance.integers(1, 10**9, n),
            "size": chance.integers(1, 1_000, n) * SIZE_SCALE,
            "exchange": [("N", "Q")[i] for i in chance.integers(0, 2, n)],
            "conditions": [("", "@", "@TI")[i] for i in chance.integers(0, 3, n)],
            "trade_id": pa.nulls(n, pa.int64()),
        }
        schema = SCHEMAS[Kind.TRADES]
        exact = {name: pa.array(columns.pop(name)) for name in ("price", "size")}
        arrays: dict[str, Any] = {
            **{name: values.view(schema.field(name).type) for name, values in exact.items()},
            **{
                name: pa.array(values, pa.string()).dictionary_encode()
                if name in ("symbol", "exchange", "conditions")
                else pa.array(values)
                for name, values in columns.items()
            },
        }
        return pa.table([arrays[name] for name in schema.names], schema=schema)

    return make


@pytest.fixture
def trades_file(tmp_path: Path) -> FileMaker:
    """Return a maker of Parquet files of trades; keywords replace whole columns of the default."""

    def make(name: str = "trades.parquet", **columns: list[Any]) -> str:
        rows = max((len(values) for values in columns.values()), default=3)
        whole: dict[str, list[Any]] = {
            "symbol": ["AAPL"] * rows,
            "ts_event": [OPEN_NS + i * 1_000_000_000 for i in range(rows)],
            "price": [172.5] * rows,
            "size": [100] * rows,
            "exchange": ["Q"] * rows,
            "conditions": ["@"] * rows,
        }
        pq.write_table(pa.table(whole | columns), tmp_path / name)
        return str(tmp_path / name)

    return make
