"""The candidates of the last minute, as a frame has them."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from engine.display.frame import CheckRow, DisplayFrame, RadarRow, VerdictRow
from engine.domain.session import NANOS_PER_SECOND
from reports.fitted_table import fitted_rows
from reports.sparkline import sparkline

_ROWS = 8
_HEADINGS = (
    "symbol", "side", "strategy", "last", "score", "spread", "VWAP %", "ago", "ao", "filters",
    "why",
)  # fmt: skip
_WHY = 18
"""Characters down to which the reason of a verdict is wrapped."""
WIDE = 100
"""Columns from which on a terminal has room for more."""
_SPARK, _SHORT_SPARK = 24, 12
_COLOURS = {"pass": "green", "fail": "red", "unknown": "yellow"}


def radar_table(frame: DisplayFrame, width: int) -> RenderableType:
    """Return the strongest candidates; in a narrow terminal with less of each."""
    rows = frame.radar[:_ROWS]
    if not rows:
        return Text("no candidate in the last minute", style="dim")
    shows_strategy = len({row.strategy_id for row in rows}) > 1
    return fitted_rows(
        [heading for heading in _HEADINGS if heading != "strategy" or shows_strategy],
        (_cells(row, frame.ts, width, shows_strategy=shows_strategy) for row in rows),
        numbers=("last", "score", "spread", "VWAP %", "ago"),
        wrapped={"why": _WHY},
        spare=("VWAP %", "spread", "ao", "ago", "filters", "side"),
        instead="widen the terminal",
    )


def _cells(row: RadarRow, now: int, width: int, *, shows_strategy: bool) -> list[Text | str]:
    is_long = row.side > 0
    ago = max(0, (now - row.ts_event) // NANOS_PER_SECOND)
    ao = [float("nan") if each is None else each for each in row.window.ao]
    checks = () if row.verdict is None else row.verdict.checks
    return [
        Text(row.symbol, style="bold" if row.qualified else "dim"),
        Text("long" if is_long else "short", style="green" if is_long else "red"),
        *([row.strategy_id] if shows_strategy else []),
        f"{row.last:,.2f}",
        f"{row.side * row.score:+.1f}",
        _figure(row.spread_bps, "{:.1f}"),
        _figure(_from_vwap(row), "{:+.2f}"),
        f"{ago} s",
        Text(sparkline(ao, _SPARK if width >= WIDE else _SHORT_SPARK), style="cyan"),
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
    reason = str(verdict.reason).replace("_", " ")
    return Text(f"{reason}: {verdict.detail}" if verdict.detail else reason)
