"""What is held and what protects it, as a frame has it."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from engine.display.frame import DisplayFrame, PositionRow, Protection
from engine.domain.amounts import amount
from engine.domain.session import NANOS_PER_SECOND
from reports.fitted_table import fitted_rows

_WORDS = {
    Protection.RESTING: ("● stop rests", "green"),
    Protection.GUARDIAN: ("● NO STOP", "bold red"),
    Protection.FILLING: ("● filling, legs asleep", "yellow"),
    Protection.ENTERING: ("entering", "dim"),
}

_HEADINGS = (
    "symbol", "held", "entry", "last", "stop", "target", "P&L", "closes in", "protection",
)  # fmt: skip
_PROTECTION = 14
"""Characters down to which what protects a position is wrapped."""


def held_table(frame: DisplayFrame) -> RenderableType:
    """Return every position; in a narrow terminal without the price that was paid."""
    if not frame.positions:
        return Text("flat", style="dim")
    return fitted_rows(
        _HEADINGS,
        (_cells(row, frame.ts) for row in frame.positions),
        numbers=("held", "entry", "last", "stop", "target", "P&L", "closes in"),
        wrapped={"protection": _PROTECTION},
        spare=("entry", "target", "last"),
        instead="widen the terminal",
    )


def _cells(row: PositionRow, now: int) -> list[Text | str]:
    is_held = row.avg_px_open is not None
    pnl = Text(amount(row.pnl, signed=True), style="green" if row.pnl >= 0 else "red")
    return [
        Text(row.symbol, style="bold" if is_held else ""),
        f"{row.side * row.quantity:f}" if is_held else f"→ {row.side * row.planned:f}",
        _price(row.avg_px_open),
        _price(row.last),
        _price(row.stop),
        _price(row.target),
        pnl if is_held else "",
        _left(row.time_stop_ns, now) if is_held else "",
        _protection(row),
    ]


def _protection(row: PositionRow) -> Text:
    words, style = _WORDS[row.protection]
    text = Text(words, style=style)
    if row.protection is Protection.GUARDIAN:
        text.append(", the guardian closes it")
    if row.trailing_percent is not None:
        text.append(f", trails {row.trailing_percent.normalize():f} %")
    if row.exit_reason is not None:
        text.append(f", leaving: {row.exit_reason.replace('_', ' ')}")
    return text


def _price(price: object) -> str:
    return "" if price is None else f"{price:,.2f}"


def _left(until: int | None, now: int) -> str:
    if until is None:
        return "–"
    minutes, secs = divmod(max(0, until - now) // NANOS_PER_SECOND, 60)
    return f"{minutes}:{secs:02}"
