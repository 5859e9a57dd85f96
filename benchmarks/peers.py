"""The same 5-second buckets, ao and ac written for DuckDB and for Polars, as well as can be.

They do less than a scan: no late prints, reversals, volumes, gates, breadth or candidates. Letter
by letter, as a scan goes, which is both faster for them and takes a fraction of the memory. What
is counted at the end has them compute every value.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from engine.domain.market_data.conditions import Updates, updates
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.signals.settings import Settings, settings

type Counted = tuple[int, int]
"""Symbol-buckets, and those of them whose ao is above 0."""

_ABOVE = 1e-9
"""USD; below lies what floats make of an ao of 0."""

_DUCKDB = """
with prints as (
    select symbol, ((ts_event - {first}) // {width})::int as bucket, price
    from read_parquet('{parts}', hive_partitioning = false)
    where ts_event >= {first} and ts_event < {end} and conditions not in ({unpriced})
), buckets as (
    select symbol, bucket, cast(max(price) + min(price) as double) / 2 as median
    from prints group by all
), spans as (
    select symbol, median, bucket, min(bucket) over (partition by symbol) as first,
        coalesce(lead(bucket) over (partition by symbol order by bucket), {buckets}) as until
    from buckets
), filled as (
    select symbol, first, median, unnest(range(bucket, until)) as bucket from spans
), oscillators as (
    select symbol, bucket, bucket - first as age,
        avg(median) over (past rows {fast} preceding)
            - avg(median) over (past rows {slow} preceding) as ao
    from filled
    window past as (partition by symbol order by bucket)
)
select count(*), count(*) filter (ao > {above}), sum(ac) from (
    select ao, ao - avg(ao) over (partition by symbol order by bucket rows {smooth} preceding) as ac
    from oscillators where age >= {slow}
)
"""


def duckdb_counts(parts: list[Path], p: Settings, unpriced: list[str], workers: int) -> Counted:
    """Return what DuckDB counts."""
    import duckdb  # noqa: PLC0415  (one of two)

    total = above = 0
    with duckdb.connect(config={"threads": workers, "preserve_insertion_order": False}) as database:
        for part in parts:
            query = _DUCKDB.format(
                parts=part,
                first=p.first_ns,
                width=p.width_ns,
                end=p.first_ns + p.buckets * p.width_ns,
                buckets=p.buckets,
                unpriced=", ".join(f"'{codes}'" for codes in unpriced),
                fast=p.fast - 1,
                slow=p.slow - 1,
                smooth=p.smooth - 1,
                above=_ABOVE,
            )
            n, up, _ = database.execute(query).fetchall()[0]
            total, above = total + n, above + up
    return total, above


def polars_counts(parts: list[Path], p: Settings, unpriced: list[str], _workers: int) -> Counted:
    """Return what Polars counts."""
    import polars as pl  # noqa: PLC0415  (one of two)

    bucket = ((pl.col("ts_event") - p.first_ns) // p.width_ns).cast(pl.Int32).alias("bucket")
    mean = pl.col("median")
    total = above = 0
    for part in parts:
        priced = pl.scan_parquet(part).filter(
            pl.col("ts_event").is_between(
                p.first_ns, p.first_ns + p.buckets * p.width_ns, closed="left"
            ),
            ~pl.col("conditions").cast(pl.String).is_in(unpriced),
        )
        buckets = (
            priced.select("symbol", bucket, pl.col("price").cast(pl.Float64))
            .group_by("symbol", "bucket")
            .agg(((pl.col("price").max() + pl.col("price").min()) / 2).alias("median"))
            .collect(engine="streaming")
        )
        grid = (
            buckets.group_by("symbol")
            .agg(pl.col("bucket").min().alias("first"))
            .sort("symbol")
            .select(
                "symbol",
                pl.int_ranges("first", p.buckets, dtype=pl.Int32).alias("bucket"),
            )
            .explode("bucket")
        )
        found = (
            grid.lazy()
            .join(buckets.lazy(), on=["symbol", "bucket"], how="left", maintain_order="left")
            .with_columns(mean.forward_fill().over("symbol"))
            .with_columns(ao=(mean.rolling_mean(p.fast) - mean.rolling_mean(p.slow)).over("symbol"))
            .filter(pl.col("ao").is_not_null())
            .with_columns(
                ac=pl.col("ao") - pl.col("ao").rolling_mean(p.smooth, min_samples=1).over("symbol")
            )
            .select(pl.len(), up=(pl.col("ao") > _ABOVE).sum(), ac=pl.col("ac").sum())
            .collect()
        )
        n, up, _ = found.row(0)
        total, above = total + n, above + up
    return total, above


_PEERS: dict[str, Callable[[list[Path], Settings, list[str], int], Counted]] = {
    "duckdb": duckdb_counts,
    "polars": polars_counts,
}


def unpriced_conditions(parts: list[Path]) -> list[str]:
    """Return the sets of conditions of a day that may not set a price on any tape."""
    import pyarrow.parquet as pq  # noqa: PLC0415  (only here)

    found: set[str] = set()
    for part in parts:
        column: Any = pq.ParquetFile(part).read_row_group(0, columns=["conditions"]).column(0)
        found |= set(column.combine_chunks().dictionary.to_pylist())
    return sorted(codes for codes in found if not updates(codes, "C") & Updates.HIGH_LOW)


if __name__ == "__main__":
    peer, root, day, workers = sys.argv[1:]
    files = sorted(Path(root).glob(f"trades/date={day}/letter=*/*.parquet"))
    p = settings(Parameters(), session(date.fromisoformat(day)))
    counted = _PEERS[peer](files, p, unpriced_conditions(files), int(workers))
    print(json.dumps({"buckets": counted[0], "rising": counted[1]}))
