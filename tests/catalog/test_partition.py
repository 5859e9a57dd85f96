"""What a part file promises."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog
from catalog.partition import parquet_settings, write_partition
from catalog.schema import SCHEMAS, Kind
from engine.domain.errors import DataError


@given(cuts=st.lists(st.integers(0, 2_000), max_size=6), rotation=st.integers(0, 5))
def test_equal_rows_give_equal_bytes_however_they_are_cut(
    cuts: list[int], rotation: int, tape: Any
) -> None:
    day, whole = date(2018, 1, 2), tape(2_000, ("AAPL", "A", "AMZN", "ABC"))
    edges = sorted({0, *cuts, whole.num_rows})
    pieces = [whole.slice(a, b - a) for a, b in pairwise(edges)]
    for position, name in enumerate(whole.column_names):
        if pa.types.is_dictionary(whole.schema.field(name).type):
            texts = pieces[0][name].to_pylist()
            shuffled = sorted({*whole[name].to_pylist()})
            shuffled = shuffled[rotation % len(shuffled) :] + shuffled[: rotation % len(shuffled)]
            ids = pa.array([shuffled.index(text) for text in texts], pa.int32())
            recoded = pa.DictionaryArray.from_arrays(ids, pa.array(shuffled))
            pieces[0] = pieces[0].set_column(position, whole.schema.field(name), recoded)
    one, other = Catalog("memory://one"), Catalog("memory://other")
    first = write_partition(one.fs, one.root, Kind.TRADES, day, "A", [whole])
    second = write_partition(other.fs, other.root, Kind.TRADES, day, "A", pieces)
    assert first == second
    assert first.rows == whole.num_rows


def test_rows_out_of_order_are_refused_and_leave_nothing(
    catalog: Catalog, day: date, tape: Any
) -> None:
    whole = tape(100)
    later, earlier = whole.slice(50), whole.slice(0, 50)
    with pytest.raises(DataError, match="not sorted by ts_init"):
        write_partition(catalog.fs, catalog.root, "trades", day, "A", [later, earlier])
    assert catalog.fs.find(catalog.root) == []


def test_a_write_that_fails_half_way_keeps_what_was_stored(
    catalog: Catalog, day: date, tape: Any
) -> None:
    whole = tape(1_000)
    before = write_partition(catalog.fs, catalog.root, "trades", day, "A", [whole])

    def torn() -> Any:
        yield whole
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_partition(catalog.fs, catalog.root, "trades", day, "A", torn())
    assert catalog.partitions.manifest(Kind.TRADES, day, "A") == before
    assert pa.concat_tables(catalog.partitions.tables(Kind.TRADES, day, "A")).num_rows == 1_000
    assert not [path for path in catalog.fs.find(catalog.root) if path.endswith(".tmp")]


def test_prices_are_stored_as_the_integers_they_are(catalog: Catalog, day: date, tape: Any) -> None:
    whole = tape(500)
    write_partition(catalog.fs, catalog.root, "trades", day, "A", [whole])
    (batch,) = catalog.trade_batches(day, "A")
    prices: Any = whole["price"].combine_chunks()
    assert batch.price.tolist() == prices.view(pa.int64()).to_pylist()
    assert [batch.symbols[i] for i in batch.symbol_id] == whole["symbol"].to_pylist()
    assert [batch.conditions[i] for i in batch.condition_id] == whole["conditions"].to_pylist()


def test_settings_name_every_flat_column_once() -> None:
    for schema in SCHEMAS.values():
        settings = parquet_settings(schema)
        named = [*settings["use_dictionary"], *settings["column_encoding"]]
        assert sorted(named) == sorted(schema.names)
