"""Roof: what a live day looks like while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.clock import new_york
from cli.output import progress_console
from engine.decision import GovernorPhase, phase
from engine.decision.decide import Verdict
from engine.domain.candidate import Candidate
from engine.domain.fixed_point import PRICE_SCALE
from engine.runtime.live import LiveDay, LiveVenue
from reports.sparkline import sparkline

_PER_SECOND = 4
_RADAR_ROWS = 8
_SPARK_WIDTH = 24
_LIGHTS = {"passed": "[green]●[/]", "failed": "[red]●[/]", "unknown": "[yellow]●[/]"}


class LiveScreen:
    """Reads a day that runs and draws it.

    Parameters
    ----------
    venue : str
        Its name.
    sends : bool
        Whether plans become orders.
    """

    def __init__(self, venue: str, *, sends: bool) -> None:
        self._title = f"{venue}{'' if sends else ' · shadow: nothing is sent'}"
        self._run_id = ""
        self._day: LiveDay | None = None
        self._venue: LiveVenue | None = None

    def watch(self, run_id: str, day: LiveDay, venue: LiveVenue) -> None:
        """Begin to look at a day."""
        self._run_id, self._day, self._venue = run_id, day, venue

    def __rich__(self) -> RenderableType:
        """Return the whole screen."""
        if self._day is None or self._venue is None:
            return Text("connecting …")
        day, venue = self._day, self._venue
        title = f"{self._title} · {self._run_id} · {new_york(day.pulse.now())} New York"
        return Panel(
            Group(_governor(day), _health(venue, day), _radar(day), _positions(day), _last(day)),
            title=title,
            title_align="left",
        )


@contextmanager
def live_view(*, enabled: bool, venue: str, sends: bool) -> Iterator[LiveScreen]:
    """Show a live day on stderr for as long as it runs."""
    screen = LiveScreen(venue, sends=sends)
    if not enabled or not progress_console.is_terminal:
        yield screen
        return
    with Live(screen, console=progress_console, refresh_per_second=_PER_SECOND, transient=True):
        yield screen


def _governor(day: LiveDay) -> RenderableType:
    desk, now = day.desk, day.pulse.now()
    params, state = desk.history.at(now), desk.governor
    standing = phase(state, now, params, desk.session)
    colour = "green" if standing in {GovernorPhase.HUNTING, GovernorPhase.IN_TRADE} else "yellow"
    line = Text.from_markup(
        f"[bold {colour}]{standing}[/]  equity {day.strategy.equity():,.2f} USD  "
        f"realized {state.realized_pnl:+,.2f}  trades {state.trades}/{params.max_trades_per_day}"
    )
    for name, why in state.standing.troubles:
        line.append(f"\n{name}: {why}", style="bold red")
    return line


def _health(venue: LiveVenue, day: LiveDay) -> RenderableType:
    health = venue.health
    lag = "–" if health.lag_ns is None else f"{health.lag_ns / 1e6:,.0f} ms"
    report = day.scanner.latest
    counts = None if report is None else report.breadth
    tape = counts and f"  tape {counts.live} live, {counts.rising} up, {counts.falling} down"
    return Text(
        f"feed {health.feed}  orders {health.orders}  lag {lag}  {health.trades:,} trades  "
        f"{health.quotes:,} quotes  gaps {health.gaps}  skipped {health.skipped}{tape or ''}",
        style="dim",
    )


def _radar(day: LiveDay) -> RenderableType:
    report = day.scanner.latest
    candidates = () if report is None else report.candidates
    strongest = sorted(candidates, key=lambda each: -abs(each.ac_z))[:_RADAR_ROWS]
    verdicts = _verdicts(day)
    table = Table(
        "symbol", "side", "last", "ac z", "ao", "confidence", "why", box=None, expand=True
    )
    for each in strongest:
        verdict = verdicts.get(each.symbol)
        table.add_row(*_radar_row(each, verdict))
    if not strongest:
        table.add_row("[dim]no candidate in this bucket[/]")
    return table


def _radar_row(candidate: Candidate, verdict: Verdict | None) -> list[RenderableType]:
    lights = "" if verdict is None else "".join(_LIGHTS.get(c.outcome, "·") for c in verdict.checks)
    why = "" if verdict is None else str(verdict.reason or "approved")
    return [
        Text(candidate.symbol, style="bold" if candidate.qualified else "dim"),
        candidate.side.name.lower(),
        f"{candidate.last / PRICE_SCALE:,.2f}",
        f"{candidate.ac_z:+.1f}",
        sparkline(candidate.window.ao, _SPARK_WIDTH),
        Text.from_markup(lights),
        Text(why),
    ]


def _verdicts(day: LiveDay) -> dict[str, Verdict]:
    decisions, report = day.strategy.decisions, day.scanner.latest
    if not decisions or report is None:
        return {}
    return {v.symbol: v for v in decisions[-1].verdicts if v.ts_event == report.ts_event}


def _positions(day: LiveDay) -> RenderableType:
    table = Table("trade", "held", "entry", "last", "stop", "target", "P&L", box=None, expand=True)
    for trade in day.desk.trades.values():
        booked, plan = day.desk.booked(trade.plan.trade_id), trade.plan
        if booked is None:
            table.add_row(plan.trade_id, "entering", *[""] * 5)
            continue
        last = day.strategy.last_price(plan.symbol)
        pnl = plan.side * booked.open_quantity * (last - booked.avg_px_open)
        table.add_row(
            plan.trade_id,
            str(booked.open_quantity),
            f"{booked.avg_px_open:,.4f}",
            f"{last:,.4f}",
            f"{day.strategy.stop_price(trade):,.2f}",
            f"{plan.take_profit:,.2f}",
            f"[{'green' if pnl >= 0 else 'red'}]{pnl:+,.2f}[/]",
        )
    if not day.desk.trades:
        table.add_row("[dim]flat[/]")
    return table


def _last(day: LiveDay) -> RenderableType:
    fills: list[Any] = day.desk.day_fills[-3:]
    lines = [
        f"{new_york(fill.ts_event)}  {fill.order.role} {fill.order.order_side} "
        f"{fill.order.last_qty} {fill.order.symbol} at {fill.order.last_px}"
        for fill in reversed(fills)
    ]
    return Text("\n".join(lines), style="dim")
