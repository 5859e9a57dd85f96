# %% [markdown]
# # Explore a day with DuckDB
#
# A catalog is plain Parquet in Hive folders, so SQL needs no help from us. Prices are decimals of
# 1e-6 USD, sizes of trades decimals of 1e-6 share, times UTC nanoseconds. `union_by_name` finds one
# type for sizes where an earlier version, which knew whole shares alone, wrote some of the parts.

# %%
import os

import duckdb

root = os.environ.get("TRADECTL_CATALOG", "data/catalog")
for kind in ("trades", "quotes"):
    files = f"{root}/{kind}/*/*/*.parquet"
    options = "hive_partitioning = true, union_by_name = true"
    duckdb.sql(f"create view {kind} as from read_parquet('{files}', {options})")

duckdb.sql("select date, letter, count(*) as trades from trades group by all order by all limit 5")

# %% [markdown]
# ## The busiest symbols
#
# Activity is lopsided: a few symbols make most of the tape.

# %%
duckdb.sql("""
    select symbol, count(*) as trades, sum(size) as shares, min(price) as low, max(price) as high
    from trades
    group by symbol
    order by trades desc
    limit 10
""")

# %% [markdown]
# ## What may set a price
#
# Sale conditions decide it. `M` repeats the closing auction for the record, `I` is an odd lot:
# whoever sums all sizes counts some shares twice, and a bar made of all prints has highs at which
# nobody could trade.

# %%
duckdb.sql("""
    select conditions, count(*) as trades, sum(size) as shares
    from trades
    group by conditions
    order by trades desc
""")

# %% [markdown]
# ## When the day is busy
#
# Trades by half hour in New York. The shape is a U: open and close are most of the day.

# %%
duckdb.sql("""
    with local as (
        select timezone('America/New_York', make_timestamptz(ts_event // 1000)) as clock from trades
    )
    select time_bucket(interval 30 minutes, clock) as half_hour, count(*) as trades
    from local
    group by half_hour
    order by half_hour
""")

# %% [markdown]
# ## What came late
#
# `ts_init` is when a print arrived. A bucket closes 250 ms after its end: what comes later can
# change no decision.

# %%
duckdb.sql("""
    select count(*) as trades,
           median(ts_init - ts_event) / 1e6 as median_ms,
           quantile_cont(ts_init - ts_event, 0.999) / 1e6 as p999_ms,
           count(*) filter (ts_init - ts_event + ts_event % 5_000_000_000 >= 5_250_000_000) as late
    from trades
""")

# %% [markdown]
# ## Spreads

# %%
duckdb.sql("""
    select symbol, median(20_000.0 * (ask - bid) / (ask + bid)) as spread_bps, count(*) as quotes
    from quotes
    group by symbol
    order by quotes desc
    limit 10
""")
