"""What a change of parameters would have done to a recorded stretch, before it is made."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.domain.parameters import Parameters
    from engine.preview import PaperTrade

PreviewFrom = Annotated[
    str | None,
    typer.Option("--from", help="Preview from here: YYYY-MM-DDTHH:MM, New York; half an hour."),
]
PreviewTo = Annotated[
    str | None,
    typer.Option("--to", help="Preview up to here; the last recorded close by default."),
]

_STRETCH_NS = 1_800_000_000_000
_EQUITY = Decimal(100_000)


def previewed(
    catalog: str, before: Parameters, after: Parameters, start: str | None, end: str | None
) -> dict[str, Any] | None:
    """Return what a change would have done, None where no day is recorded.

    The last 30 recorded minutes, or the stretch that is named, all of one day. The day's buckets
    are recorded first where they are not yet.

    Raises
    ------
    ConfigError
        The stretch is none, or the change cannot be seen in recorded buckets.
    NotFoundError
        A stretch was named and there is no catalog.
    """
    from app.clock import instant
    from catalog import Catalog, StoredBuckets
    from cli.terminal.progress import progress_bar
    from engine.domain.errors import NotFoundError
    from engine.domain.session import day_of, session
    from engine.preview import preview

    named = start is not None or end is not None
    try:
        market = Catalog.open(catalog)
    except NotFoundError:
        if named:
            raise
        return None
    days = market.dates()
    if not days:
        return None
    day = day_of(instant(start or end or "", None)) if named else days[-1]
    hours = session(day)
    first = None if start is None else instant(start, day)
    last = instant(end, day) if end else hours.close_ns
    if first is not None and end is None:
        last = min(first + _STRETCH_NS, hours.close_ns)
    first = last - _STRETCH_NS if first is None else first
    store = StoredBuckets(market, before)
    with progress_bar(f"record buckets of {day}", "letters") as progress:
        store.record(day, progress=progress)
    asked = time.perf_counter()
    found = preview(market, store, day, before, after, first, last, equity=_EQUITY)
    return {
        "start_ns": first,
        "end_ns": last,
        "candidates_before": len(found.before.raised),
        "candidates_after": len(found.after.raised),
        "candidates_gone": len(set(found.before.raised) - set(found.after.raised)),
        "candidates_new": len(set(found.after.raised) - set(found.before.raised)),
        "trades_before": len(found.before.trades),
        "trades_after": len(found.after.trades),
        "skipped": _rows(found.skipped),
        "added": _rows(found.added),
        "elapsed_secs": time.perf_counter() - asked,
    }


def preview_page(console: Console, shown: dict[str, Any]) -> None:
    """Draw a preview for a terminal."""
    from rich.table import Table

    from app.clock import new_york

    span = f"{new_york(shown['start_ns'])} to {new_york(shown['end_ns'])[11:]}"
    console.print(
        f"[bold]{span}[/]: candidates {shown['candidates_before']} → "
        f"{shown['candidates_after']} ({shown['candidates_gone']} gone, "
        f"{shown['candidates_new']} new), trades {shown['trades_before']} → "
        f"{shown['trades_after']}"
    )
    table = Table("", "symbol", "bucket", box=None, pad_edge=False)
    for heading in ("entry", "result %", "best %", "worst %"):
        table.add_column(heading, justify="right")
    table.add_column("left by")
    for what in ("skipped", "added"):
        for row in shown[what]:
            table.add_row(
                what,
                f"{row['symbol']}{'' if row['side'] > 0 else ' short'}",
                new_york(row["ts_event"]),
                row["entry"],
                f"[bold]{row['result_pct']:.2f}[/]",
                f"{row['favourable_pct']:.2f}",
                f"{row['adverse_pct']:.2f}",
                row["exit_reason"].replace("_", " "),
            )
    if table.row_count:
        console.print(table)


def _rows(trades: Sequence[PaperTrade]) -> list[dict[str, Any]]:
    import msgspec

    return [msgspec.to_builtins(trade) for trade in trades]
