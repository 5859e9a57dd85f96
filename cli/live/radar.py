"""The candidates of the last minute, as a frame has them."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from engine.display.frame import CheckRow, DisplayFrame, RadarRow, VerdictRow
from engine.domain.session import NANOS_PER_SECOND
from reports.sparkline import sparkline

_ROWS = 8
WIDE = 100
"""Columns from which on a terminal has room for more."""
_SPARK, _SHORT_SPARK = 24, 12
_COLOURS = {"pass": "green", "fail": "red", "unknown": "yellow"}


def radar_table(frame: DisplayFrame, width: int) -> RenderableType:
    """Return the strongest candidates; in a narrow terminal with less of each."""
    rows = frame.radar[:_ROWS]
    if not rows:
        return Text("no candidate in the last minute", style="dim")
    is_wide = width >= WIDE
    shows_strategy = len({row.strategy_id for row in rows}) > 1
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="dim")
    for name in ("symbol", "side", *(["strategy"] if shows_strategy else [])):
        table.add_column(name, no_wrap=True)
    figures = ("last", "score", *(("spread", "VWAP %") if is_wide else ()), "ago")
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("ao", no_wrap=True)
    table.add_column("filters" if not is_wide else "confidence", no_wrap=True)
    table.add_column("why", ratio=1, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*_cells(row, frame.ts, is_wide=is_wide, shows_strategy=shows_strategy))
    return table


def _cells(row: RadarRow, now: int, *, is_wide: bool, shows_strategy: bool) -> list[RenderableType]:
    is_long = row.side > 0
    ago = max(0, (now - row.ts_event) // NANOS_PER_SECOND)
    cells: list[RenderableType] = [
        Text(row.symbol, style="bold" if row.qualified else "dim"),
        Text("long" if is_long else "short", style="green" if is_long else "red"),
    ]
    if shows_strategy:
        cells.append(Text(row.strategy_id))
    cells += [f"{row.last:,.2f}", f"{row.side * row.score:+.1f}"]
    if is_wide:
        cells += [_figure(row.spread_bps, "{:.1f}"), _figure(_from_vwap(row), "{:+.2f}")]
    ao = [float("nan") if each is None else each for each in row.window.ao]
    checks = () if row.verdict is None else row.verdict.checks
    return [
        *cells,
        f"{ago} s",
        Text(sparkline(ao, _SPARK if is_wide else _SHORT_SPARK), style="cyan"),
        lights(checks),
        _why(row, row.verdict),
    ]


def lights(checks: tuple[CheckRow, ...]) -> Text:
    """Return a light for each filter that was consulted."""
    text = Text()
    for check in checks:
        text.append("●" if check.outcome in _COLOURS else "·", _COLOURS.get(check.outcome, "dim"))
    return text


def _from_vwap(row: RadarRow) -> float | None:
    return None if row.vwap is None else 100 * (float(row.last) / row.vwap - 1)


def _figure(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _why(row: RadarRow, verdict: VerdictRow | None) -> Text:
    if verdict is None:
        return Text("qualified" if row.qualified else row.phase, style="dim")
    if verdict.approved:
        return Text("approved", style="bold green")
    return Text(f"{verdict.reason}: {verdict.detail}" if verdict.detail else str(verdict.reason))
