"""What strategies over the tape raised on a scanned day, ranked, for the terminal."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.text import Text

from engine.domain.counted import counted
from reports import wording
from reports.fitted_table import FittedTable, fitted_rows

_FEATURES = 24
"""Characters down to which features are wrapped."""


def signals_table(signals: pa.Table, *, top: int = 20) -> FittedTable:
    """Return raised candidates as a table for the terminal, the highest score first.

    Parameters
    ----------
    signals : table
        ``ScanResult.signals``.
    """
    raised = signals.filter(pc.field("phase") == pc.scalar("raised"))
    ranked = raised.sort_by([("score", "descending"), ("symbol", "ascending")])
    rows: list[dict[str, Any]] = ranked.slice(0, top).to_pylist()
    shown = f", the first {len(rows)}" if len(rows) < len(raised) else ""
    return fitted_rows(
        ("#", "raised", "strategy", "symbol", "side", "score", "last", "features"),
        (_cells(rank, row) for rank, row in enumerate(rows, 1)),
        numbers=("#", "raised", "score", "last"),
        wrapped={"features": _FEATURES},
        spare=("features", "#", "side"),
        title=f"{counted(len(raised), 'candidate')} of strategies over the tape{shown}",
    )


def _cells(rank: int, row: dict[str, Any]) -> tuple[Text | str, ...]:
    features = (f"{each['name']} {wording.number(each['value'], 1)}" for each in row["features"])
    return (
        str(rank),
        wording.clock(row["ts_event"]),
        row["strategy_id"],
        Text(row["symbol"], style="bold"),
        Text("long", style="green") if row["side"] > 0 else Text("short", style="red"),
        wording.number(row["score"], 2),
        wording.price(float(row["last"])),
        ", ".join(features),
    )
