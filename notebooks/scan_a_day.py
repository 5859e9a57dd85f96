# %% [markdown]
# # Scan a day and look at candidates
#
# The scanner holds every symbol with an `ao` against every gate, in every five-second bucket.

# %%
import os

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from catalog import Catalog
from engine.domain.parameters import Parameters
from engine.signals import scan

market = Catalog.open(os.environ.get("TRADECTL_CATALOG", "data/catalog"))
day = market.dates()[-1]
result = scan(market, day, Parameters())
result.timings

# %% [markdown]
# ## How the gates fared
#
# `alone` counts the symbol-buckets that this gate, and no other, kept from being a candidate. A
# gate that never stands alone does nothing that others do not do as well.

# %%
{gate.name.lower(): (count.passed, count.alone) for gate, count in result.funnel().items()}

# %% [markdown]
# ## The candidates, strongest first
#
# `ac_z` is the acceleration over what pure noise in this symbol would show.

# %%
clock = (
    pl.from_epoch("ts_event", time_unit="ns")
    .dt.replace_time_zone("UTC")
    .dt.convert_time_zone("America/New_York")
    .dt.time()
)
candidates = result.to_polars().with_columns(clock.alias("clock"))
raised = candidates.filter(pl.col("phase") == "raised").sort("ac_z", descending=True)
raised.select("symbol", "clock", "last", "ao_bps", "ac_bps", "sigma_bps", "ac_z", "volume").head(10)

# %% [markdown]
# ## How long they lived, and why they faded

# %%
candidates.filter(pl.col("phase") == "faded")["fade_reason"].value_counts()

# %% [markdown]
# ## One candidate's three minutes
#
# Every report carries the window a decision would have seen: nothing in it is later than its
# bucket.

# %%
best = max(
    (candidate for report in result.reports() for candidate in report.candidates),
    key=lambda candidate: candidate.score if candidate.qualified else 0.0,
    default=None,
)
figure = make_subplots(rows=3, shared_xaxes=True, row_heights=[0.5, 0.25, 0.25])
if best is not None:
    window = best.window
    figure.add_trace(go.Scatter(x=window.ts, y=window.last / 1e6, name="last"), row=1, col=1)
    figure.add_trace(go.Bar(x=window.ts, y=window.ac, name="ac"), row=2, col=1)
    figure.add_trace(go.Bar(x=window.ts, y=window.volume, name="shares"), row=3, col=1)
    figure.update_layout(title=f"{best.symbol}, score {best.score:.1f}")
figure
