"""What is held and what protects it, as a frame has it."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli.live.radar import WIDE
from engine.display.frame import DisplayFrame, PositionRow, Protection
from engine.domain.amounts import amount
from engine.domain.session import NANOS_PER_SECOND

_WORDS = {
    Protection.RESTING: ("● stop rests", "green"),
    Protection.GUARDIAN: ("● NO STOP", "bold red"),
    Protection.FILLING: ("● filling, legs asleep", "yellow"),
    Protection.ENTERING: ("entering", "dim"),
}


def held_table(frame: DisplayFrame, width: int) -> RenderableType:
    """Return every position; in a narrow terminal without the price that was paid."""
    if not frame.positions:
        return Text("flat", style="dim")
    is_wide = width >= WIDE
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("symbol", no_wrap=True)
    figures = ("entry", "last") if is_wide else ("last",)
    for name in ("held", *figures, "stop", "target", "P&L", "closes in"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("protection", ratio=1, no_wrap=True, overflow="ellipsis")
    for row in frame.positions:
        table.add_row(*_cells(row, frame.ts, is_wide=is_wide))
    return table


def _cells(row: PositionRow, now: int, *, is_wide: bool) -> list[RenderableType]:
    is_held = row.avg_px_open is not None
    paid = [_price(row.avg_px_open)] if is_wide else []
    pnl = Text(amount(row.pnl, signed=True), style="green" if row.pnl >= 0 else "red")
    return [
        Text(row.symbol, style="bold" if is_held else ""),
        f"{row.side * row.quantity:f}" if is_held else f"→ {row.side * row.planned:f}",
        *paid,
        _price(row.last),
        _price(row.stop),
        _price(row.target),
        pnl if is_held else "",
        _left(row.time_stop_ns, now) if is_held else "",
        _protection(row, is_wide=is_wide),
    ]


def _protection(row: PositionRow, *, is_wide: bool) -> Text:
    words, style = _WORDS[row.protection]
    text = Text(words, style=style)
    if row.protection is Protection.GUARDIAN:
        text.append(", the guardian closes it")
    if is_wide and row.trailing_percent is not None:
        text.append(f", trails {row.trailing_percent.normalize():f} %")
    if row.exit_reason is not None:
        text.append(f", leaving: {row.exit_reason}")
    return text


def _price(price: object) -> str:
    return "" if price is None else f"{price:,.2f}"


def _left(until: int | None, now: int) -> str:
    if until is None:
        return "–"
    minutes, secs = divmod(max(0, until - now) // NANOS_PER_SECOND, 60)
    return f"{minutes}:{secs:02}"
