"""A table of accounting in a terminal of 80 columns or more, no figure cut short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console

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
    "booked_pnl": "booked P&L",
    "slippage_bps": "slip bps",
    "mae_pct": "MAE %",
    "mfe_pct": "MFE %",
}
"""Headings that are not the column's name."""

_SHARES = frozenset({"quantity", "open_quantity"})
"""Columns of shares: they have no cents."""

_DATE = len("2026-09-18")
_TRADE_ID = len("20260918-BRK.B-103005")
"""Characters to which the id of a trade may be wrapped: one that names its strategy is longer."""


def table_page(
    console: Console, rows: Sequence[dict[str, Any]], shown: Sequence[str], spare: Sequence[str]
) -> None:
    """Print the columns ``shown``, and say which of ``spare`` had no room; the first goes first."""
    from reports.fitted_table import Column, FittedTable

    cells = {name: [_shown(name, row[name]) for row in rows] for name in shown}
    timed = [name for name in shown if _is_time(name)]
    day = _only_day([text for name in timed for text in cells[name]])
    if day:
        console.print(f"all times of {day}, New York", style="dim", highlight=False)
        for name in timed:
            cells[name] = [text[_DATE + 1 :] or text for text in cells[name]]
    columns = [
        Column(
            heading=_heading(name),
            cells=cells[name],
            is_number=_is_number(name, [row[name] for row in rows]),
            least=_TRADE_ID if name == "trade_id" else None,
        )
        for name in shown
    ]
    instead = "widen the terminal, or --json, or 'accounting export'"
    headings = [_heading(name) for name in spare]
    console.print(FittedTable(columns, headings, instead=instead), highlight=False)


def _heading(name: str) -> str:
    return _HEADINGS.get(name, name.replace("_", " "))


def _is_time(name: str) -> bool:
    return name.endswith("_ts") or name.startswith("ts_")


def _is_number(name: str, values: Sequence[Any]) -> bool:
    known = next((value for value in values if value is not None), None)
    return not (_is_time(name) or name == "side" or isinstance(known, str))


def _shown(name: str, value: Any) -> str:
    if name == "side":
        return "long" if value > 0 else "short"
    if name in _SHARES:
        return f"{value:,f}"
    if name == "exit_reason" and value is not None:
        return value.replace("_", " ")
    return new_york(value) if _is_time(name) else figure(value)


def _only_day(times: Sequence[str]) -> str | None:
    """Return the day that all times lie in; None if there are none or more."""
    days = {text[:_DATE] for text in times if len(text) > _DATE}
    return days.pop() if len(days) == 1 else None
