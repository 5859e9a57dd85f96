# %% [markdown]
# # Backtest and compare two parameter sets
#
# `tradectl backtest` keeps a run directory and writes a report. In a notebook the same engine runs
# on a journal in memory, and the trades come back as values.

# %%
import os
from decimal import Decimal

import polars as pl

from app.strategies import hosted
from catalog import Catalog
from engine.domain.parameters import Parameters
from engine.hub.outcome import Outcome
from engine.journal import MemoryJournal
from engine.runtime.backtest.run import run_backtest

market = Catalog.open(os.environ.get("TRADECTL_CATALOG", "data/catalog"))
days = market.dates()


def backtest(params: Parameters, fills: str = "base") -> Outcome:
    """Run all days of the catalog."""
    return run_backtest(
        market,
        days,
        params,
        strategies=hosted().strategies,
        journal=MemoryJournal(),
        starting_balance=Decimal(100_000),
        fills=fills,
    )


def trades(outcome: Outcome) -> pl.DataFrame:
    """Return the closed trades of a run, money in USD."""
    closed = [trade for trade in outcome.trades if trade.exit_reason is not None]
    return pl.DataFrame(
        {
            "symbol": [trade.symbol for trade in closed],
            "exit": [str(trade.exit_reason) for trade in closed],
            "pnl": [float(trade.realized_pnl or 0) for trade in closed],
            "mae_pct": [trade.mae_pct for trade in closed],
            "mfe_pct": [trade.mfe_pct for trade in closed],
        },
        schema_overrides={"pnl": pl.Float64, "mae_pct": pl.Float64, "mfe_pct": pl.Float64},
    )


# %% [markdown]
# ## Two sets
#
# Both look at the same candidates; they differ in where the bracket lies.

# %%
near = Parameters(take_profit_percent=Decimal(2), stop_loss_percent=Decimal(1))
far = Parameters(take_profit_percent=Decimal(4), stop_loss_percent=Decimal(2))
outcomes = {"near": backtest(near), "far": backtest(far)}

pl.DataFrame(
    [
        {
            "set": name,
            "trades": len(trades(outcome)),
            "net_pnl": trades(outcome)["pnl"].sum(),
            "equity": float(outcome.equity),
            "decision_digest": outcome.decision_digest[:12],
        }
        for name, outcome in outcomes.items()
    ]
)

# %% [markdown]
# ## Why trades ended

# %%
pl.concat(
    trades(outcome).with_columns(pl.lit(name).alias("set")) for name, outcome in outcomes.items()
).group_by("set", "exit").agg(pl.len().alias("trades"), pl.col("pnl").sum()).sort("set", "exit")

# %% [markdown]
# ## Does it survive a worse venue?
#
# The same plans under three assumptions. What lives on the first step only lives in the simulator.

# %%
pl.DataFrame(
    [
        {"fills": fills, "net_pnl": trades(backtest(near, fills))["pnl"].sum()}
        for fills in ("optimistic", "base", "pessimistic")
    ]
)
