"""What strategies over the tape raised on a scanned day, ranked, for the terminal."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.table import Table
from rich.text import Text

from reports import wording

_WIDE = 118


def signals_table(signals: pa.Table, *, top: int = 20, width: int = _WIDE) -> Table:
    """Return raised candidates as a table for the terminal, the highest score first.

    Parameters
    ----------
    signals : table
        ``ScanResult.signals``.
    width : int
        Columns of the terminal; a narrow one is spared the features.
    """
    raised = signals.filter(pc.field("phase") == pc.scalar("raised"))
    ranked = raised.sort_by([("score", "descending"), ("symbol", "ascending")])
    rows: list[dict[str, Any]] = ranked.slice(0, top).to_pylist()
    shown = f", the first {len(rows)}" if len(rows) < len(raised) else ""
    table = Table(
        title=f"{wording.count(len(raised))} candidates of strategies over the tape{shown}",
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=None,
        pad_edge=False,
    )
    for heading in ("#", "raised", "strategy", "symbol", "side", "score", "last"):
        justify = "left" if heading in ("strategy", "symbol", "side") else "right"
        table.add_column(heading, justify=justify, no_wrap=True)
    if width >= _WIDE:
        table.add_column("features", no_wrap=True)
    for rank, row in enumerate(rows, 1):
        features = ", ".join(
            f"{each['name']} {wording.number(each['value'], 1)}" for each in row["features"]
        )
        table.add_row(
            str(rank),
            wording.clock(row["ts_event"]),
            row["strategy_id"],
            Text(row["symbol"], style="bold"),
            Text("long", style="green") if row["side"] > 0 else Text("short", style="red"),
            wording.number(row["score"], 2),
            wording.price(float(row["last"])),
            *([features] if width >= _WIDE else []),
        )
    return table
