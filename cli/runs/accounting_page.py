"""A table of accounting in a terminal of 80 columns or more, no figure cut short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.clock import new_york
from app.figures import figure

_HEADINGS = {
    "entry_ts": "entry",
    "exit_ts": "exit",
    "open_ts": "opened",
    "close_ts": "closed",
    "ts_last": "last fill",
    "strategy_id": "strategy",
    "params_version": "version",
    "quantity": "shares",
    "avg_px_open": "in",
    "avg_px_close": "out",
    "open_px": "in",
    "close_px": "out",
    "realized_pnl": "P&L",
    "net_pnl": "net P&L",
    "slippage_bps": "slip bps",
    "mae_pct": "MAE %",
    "mfe_pct": "MFE %",
}
"""Headings that are not the column's name."""

_SHARES = frozenset({"quantity", "open_quantity"})
"""Columns of shares: they have no cents."""

_DATE = len("2026-09-18")
_GAP = 2


class _Column:
    """A column as it is shown: heading, cells, and whether they are numbers."""

    def __init__(self, name: str, values: Sequence[Any]) -> None:
        self.name = name
        self.heading = _HEADINGS.get(name, name.replace("_", " "))
        self.is_time = name.endswith("_ts") or name.startswith("ts_")
        known = next((value for value in values if value is not None), None)
        self.is_number = not (self.is_time or name == "side" or isinstance(known, str))
        self.cells = [_shown(name, value, is_time=self.is_time) for value in values]

    @property
    def width(self) -> int:
        return max(map(len, (self.heading, *self.cells)))


def table_page(
    console: Console, rows: Sequence[dict[str, Any]], shown: Sequence[str], spare: Sequence[str]
) -> None:
    """Draw the columns ``shown``, and say which of ``spare`` had no room; the first goes first."""
    columns = [_Column(name, [row[name] for row in rows]) for name in shown]
    day = _only_day(columns)
    if day:
        console.print(f"all times of {day}, New York", style="dim", highlight=False)
    left_out = _without_room(columns, spare, console.width)
    table = Table(box=None, pad_edge=False)
    kept = [column for column in columns if column.name not in left_out]
    for column in kept:
        justify = "right" if column.is_number else "left"
        table.add_column(column.heading, justify=justify, no_wrap=True, overflow="fold")
    for cells in zip(*(column.cells for column in kept), strict=True):
        table.add_row(*map(Text, cells))
    console.print(table)
    if left_out:
        names = ", ".join(column.heading for column in columns if column.name in left_out)
        told = f"no room for {names}: widen the terminal, or --json, or 'accounting export'"
        console.print(told, style="dim", highlight=False)


def _shown(name: str, value: Any, *, is_time: bool) -> str:
    if name == "side":
        return "long" if value > 0 else "short"
    if name in _SHARES:
        return f"{value:,f}"
    return new_york(value) if is_time else figure(value)


def _only_day(columns: Sequence[_Column]) -> str | None:
    """Return the day that all times lie in, and leave it away from them; None if there are more."""
    timed = [column for column in columns if column.is_time]
    days = {cell[:_DATE] for column in timed for cell in column.cells if len(cell) > _DATE}
    if len(days) != 1:
        return None
    for column in timed:
        column.cells = [cell[_DATE + 1 :] or cell for cell in column.cells]
    return days.pop()


def _without_room(columns: Sequence[_Column], spare: Sequence[str], width: int) -> set[str]:
    """Return as many of the spare columns as must go."""
    left_out: set[str] = set()
    remaining: Iterator[str] = iter(spare)
    while _width([each for each in columns if each.name not in left_out]) > width:
        name = next(remaining, None)
        if name is None:
            break
        left_out.add(name)
    return left_out


def _width(columns: Sequence[_Column]) -> int:
    return sum(column.width + _GAP for column in columns) - _GAP
