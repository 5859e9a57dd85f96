"""A frame on one page: governor, health, issues, radar, positions, what happened."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from app.clock import new_york
from app.commands.governor_view import resumed_by
from cli.live.held import held_table
from cli.live.radar import radar_table
from cli.terminal.flow import Flow
from engine.decision import GovernorPhase
from engine.display.frame import DisplayFrame
from engine.domain.amounts import amount
from engine.domain.counted import counted

_ACTIVE = {GovernorPhase.HUNTING, GovernorPhase.IN_TRADE}
_LINES = 5
_TIME_OF_DAY = slice(11, None)
_STALE_SECS = 10.0
"""From this age on a page says how old it is."""


type _Part = Callable[[DisplayFrame, int], RenderableType]


class _Wide:
    """A part of the page that depends on how wide the terminal is."""

    def __init__(self, part: _Part, frame: DisplayFrame) -> None:
        self._part = part
        self._frame = frame

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._part(self._frame, options.max_width)


def frame_page(
    frame: DisplayFrame, *, hint: str, age_secs: float = 0.0, question: str = ""
) -> RenderableType:
    """Return the whole page.

    Parameters
    ----------
    hint : str
        What the keys do.
    age_secs : float
        Since the frame came.
    question : str
        Somebody has to answer it: it stands above all else.
    """
    heading = frame.heading
    shadow = "" if heading.sends else " · shadow: nothing is sent"
    clock = f"{new_york(frame.ts)[_TIME_OF_DAY]} New York"
    parts = [
        *([Text(question, style="bold reverse yellow")] if question else []),
        *_standing(frame, age_secs),
        _governor(frame),
        _health(frame),
        *_issues(frame),
        Rule("radar", align="left", style="dim"),
        _Wide(radar_table, frame),
        Rule("positions", align="left", style="dim"),
        held_table(frame),
        Rule("last", align="left", style="dim"),
        _activity(frame),
    ]
    return Panel(
        Group(*parts),
        title=f"{heading.venue}{shadow} · {heading.run_id} · {clock}",
        title_align="left",
        subtitle=f"{hint} · protection rests at the venue · tradectl do",
        subtitle_align="left",
        border_style="red" if frame.issues else "none",
    )


def _standing(frame: DisplayFrame, age_secs: float) -> list[RenderableType]:
    """Say what a reader has to know before anything else: that this is no news any more."""
    if frame.is_over:
        note = f": {frame.note}" if frame.note else ""
        return [Text(f"{frame.status}{note}; this is its last frame", style="bold yellow")]
    if age_secs >= _STALE_SECS:
        return [Text(f"no frame for {age_secs:,.0f} s: this is how it was then", "bold yellow")]
    return []


def _governor(frame: DisplayFrame) -> RenderableType:
    governor = frame.governor
    is_free = governor.standing == governor.phase
    style = "bold green" if governor.standing in _ACTIVE and is_free else "bold yellow"
    words = GovernorPhase(governor.phase).words if is_free else governor.standing
    first = Text(words.replace("_", " "), style)
    if by_hand := resumed_by(paused=governor.paused, stopped=governor.stopped):
        first.append(f"  {by_hand}", "yellow")
    elif governor.standing == "held":
        first.append("  nothing is entered while the issues below last", "yellow")
    else:
        target = governor.profit_target
        ends = "" if target is None else f" or {target:+,.0f} USD"
        first.append(f"  the day ends at {governor.loss_limit:+,.0f}{ends or ' USD'}", "dim")
    if governor.under_way:
        first.append(f"  under way: {', '.join(governor.under_way)}", "bold")
    figures = [Text(f"equity {amount(governor.equity)} USD")]
    for name, pnl in (("realized", governor.realized_pnl), ("open", governor.open_pnl)):
        style = "green" if pnl >= 0 else "red"
        figures.append(Text.assemble(f"{name} ", (amount(pnl, signed=True), style)))
    figures.append(Text(f"trades {governor.trades}/{governor.max_trades}"))
    figures.append(Text(f"slots {governor.slots_used}/{governor.slots}"))
    return Group(first, Flow(figures))


def _health(frame: DisplayFrame) -> RenderableType:
    """Return a light for each thing that is watched, the worst first, and counts."""
    health = frame.health
    issues = {each.what for each in frame.issues}
    lights = [
        Text.assemble(("● ", line.light.value), f"{line.what} {line.sentence}")
        for line in health.lines
        if line.what not in issues  # those stand below with their remedies
    ]
    counts = (
        counted(health.trades, "trade"),
        counted(health.quotes, "quote"),
        counted(health.gaps, "gap"),
        counted(health.skipped, "unusable message"),
        f"requests {'–' if health.requests_left is None else health.requests_left}",
    )
    parts = [Flow(lights, "dim"), Flow(counts, "dim")]
    if frame.bucket is not None:
        breadth, at = frame.bucket.breadth, new_york(frame.bucket.ts_event)[_TIME_OF_DAY]
        gravity = "" if breadth.gravity is None else f", gravity {breadth.gravity:+.2f}"
        text = Text(f"bucket {at}  {breadth.live} live, {breadth.rising} up, ", "dim")
        text.append(f"{breadth.falling} down{gravity}")
        if frame.strip is not None:
            text.append(f"; beyond {breadth.threshold:g}: ")
            text.append(f"{breadth.beyond}", "bold")
            text.append(f", noise alone {breadth.noise:.1f}")
        return Group(*parts, text)
    return Group(*parts)


def _issues(frame: DisplayFrame) -> list[Text]:
    """Return what is wrong and what a person can do, alarms first."""
    return [
        Text.assemble(
            (f"{'ALARM ' if each.is_alarm else ''}{each.what}: ", "bold red"),
            (each.detail, "red"),
            (f"\n  → {each.remedy}", "yellow"),
        )
        for each in frame.issues
    ]


def _activity(frame: DisplayFrame) -> RenderableType:
    if not frame.activity:
        return Text("nothing happened yet", style="dim")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim", width=len("HH:MM:SS"))
    table.add_column(overflow="fold")
    for line in frame.activity[:_LINES]:
        table.add_row(new_york(line.ts)[_TIME_OF_DAY], line.text)
    return table
