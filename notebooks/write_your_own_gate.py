# %% [markdown]
# # Write your own gate
#
# The scanner's gates are compiled. One of your own stands behind the scan: a function that takes a
# `ScanResult` and returns one in which fewer candidates qualify.

# %%
import os
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa

from app.strategies import hosted
from catalog import Catalog
from engine.domain.market_data.recorded import MarketData
from engine.domain.parameters import Parameters
from engine.journal import MemoryJournal
from engine.runtime.backtest.run import Scan, run_backtest
from engine.signals import ScanResult, scan

market = Catalog.open(os.environ.get("TRADECTL_CATALOG", "data/catalog"))

# %% [markdown]
# ## The gate
#
# An acceleration that is news should hold a good part of the day's shares. Ask that a tenth of the
# session's volume was traded since `ao` took its sign.
#
# A row that fails stays in the table with `qualified` false: the candidate lives on, is updated and
# fades; it is only not entered.


# %%
def much_of_the_day(result: ScanResult, least: float = 0.1) -> ScanResult:
    """Let only candidates qualify whose run holds at least this share of the session's volume."""
    table = result.candidates
    run, session = (
        table[name].cast(pa.float64()).to_numpy() for name in ("run_volume", "session_volume")
    )
    qualified = table["qualified"].to_numpy() & (run >= least * session)
    at = table.schema.get_field_index("qualified")
    return replace(result, candidates=table.set_column(at, "qualified", pa.array(qualified)))


before = scan(market, market.dates()[-1], Parameters())
after = much_of_the_day(before)
pl.DataFrame(
    {
        "gate": ["without", "with"],
        "qualified": [sum(found.candidates["qualified"].to_numpy()) for found in (before, after)],
    }
)

# %% [markdown]
# ## In a backtest
#
# The runner takes the scan as an argument.


# %%
def gated_scan(market: MarketData, day: date, params: Parameters, **narrowed: Any) -> ScanResult:
    """Scan a day and apply the gate."""
    return much_of_the_day(scan(market, day, params, **narrowed))


def net_pnl(how: Scan) -> Decimal:
    """Return what a run over the whole catalog earned, USD."""
    outcome = run_backtest(
        market,
        market.dates(),
        Parameters(),
        strategies=hosted().strategies,
        journal=MemoryJournal(),
        starting_balance=Decimal(100_000),
        scan=how,
    )
    return sum((trade.realized_pnl or Decimal(0) for trade in outcome.trades), Decimal(0))


pl.DataFrame({"gate": ["without", "with"], "net_pnl": [net_pnl(scan), net_pnl(gated_scan)]})

# %% [markdown]
# A gate that proves itself over months of days belongs in the kernel, with a parameter, a bit in
# `Gate` and its row in the oracle test; only there does `--engine full` evaluate it, too.
