"""A live day on one page: governor, health, trouble, radar, positions, what happened."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from app.clock import new_york
from app.commands.governor_view import resumed_by
from cli.live.radar import Radar
from engine.decision import GovernorPhase, phase
from engine.domain.counted import counted
from engine.hub.books import LiveTrade
from engine.runtime.live import LiveDay, LiveVenue
from engine.runtime.live.issues import remedy

_ACTIVE = {GovernorPhase.HUNTING, GovernorPhase.IN_TRADE}
_FILLS = 4
_TIME_OF_DAY = slice(11, None)


class _Wide:
    """A part of the page that depends on how wide the terminal is."""

    def __init__(self, radar: Radar) -> None:
        self._radar = radar

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._radar.table(options.max_width)


def live_page(
    title: str, day: LiveDay, venue: LiveVenue, radar: Radar, *, is_ending: bool
) -> RenderableType:
    """Return the whole page; to be called in the loop that runs the day."""
    clock = new_york(day.pulse.now())[_TIME_OF_DAY]
    end = "ending; what protects a position stays" if is_ending else "q or Ctrl-C ends"
    parts = [
        _governor(day),
        _health(venue, day),
        *_alarms(day),
        Rule("radar", align="left", style="dim"),
        _Wide(radar),
        Rule("positions", align="left", style="dim"),
        _positions(day),
        Rule("last", align="left", style="dim"),
        _last(day),
    ]
    return Panel(
        Group(*parts),
        title=f"{title} · {clock} New York",
        title_align="left",
        subtitle=f"{end} · protection rests at the venue · tradectl do",
        subtitle_align="left",
        border_style="red" if day.trouble.details or day.books.alarms else "none",
    )


def _governor(day: LiveDay) -> RenderableType:
    books, now = day.books, day.pulse.now()
    params, state = books.history.at(now), books.governor
    standing = phase(state, now, params, books.session)
    held = state.standing.halts_entries
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{standing}", "bold green" if standing in _ACTIVE and not held else "bold yellow")
    if by_hand := resumed_by(state.standing):
        text.append(f" · {by_hand}", "bold yellow")
    elif held:
        text.append(" · entries held", "bold yellow")
    realized = state.realized_pnl
    text.append(f"  equity {day.strategy.view.equity():,.2f} USD  realized ")
    text.append(f"{realized:+,.2f}", "green" if realized >= 0 else "red")
    limit = params.daily_loss_limit_percent
    text.append(f"  trades {state.trades}/{params.max_trades_per_day}  loss limit {limit} %")
    return text


def _health(venue: LiveVenue, day: LiveDay) -> RenderableType:
    """Return a light for each thing that is watched, the worst first, and counts."""
    health, text = venue.health, Text(style="dim")
    issues = day.trouble.details
    for line in day.health(venue):
        if line.what not in issues:  # those stand below with their remedies
            text.append("● ", line.light.value)
            text.append(f"{line.what} {line.sentence}  ")
    text.append(f"\n{counted(health.trades, 'trade')}  {counted(health.quotes, 'quote')}  ")
    text.append(
        f"{counted(health.gaps, 'gap')}  skipped {health.skipped}  requests {health.requests_left}"
    )
    report = day.scanner.latest
    if report is not None:
        counts, at = report.breadth, new_york(report.ts_event)[_TIME_OF_DAY]
        text.append(f"\nbucket {at}  tape {counts.live} live, ")
        text.append(f"{counts.rising} up, {counts.falling} down")
    return text


def _alarms(day: LiveDay) -> list[RenderableType]:
    """Return what is wrong and what a person can do, the worst first."""
    told = [(f"ALARM {each.alarm}", each.detail, remedy(each.alarm)) for each in day.books.alarms]
    told += [(what, detail, remedy(what)) for what, detail in day.trouble.details.items()]
    return [
        Text.assemble((f"{what}: ", "bold red"), (detail, "red"), (f"\n  → {help_}", "yellow"))
        for what, detail, help_ in told
    ]


def _positions(day: LiveDay) -> RenderableType:
    if not day.books.trades:
        return Text("flat", style="dim")
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("symbol", no_wrap=True)
    for name in ("held", "entry", "last", "stop", "target", "P&L"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("protection", no_wrap=True)
    for trade in day.books.trades.values():
        table.add_row(*_position(day, trade))
    return table


def _position(day: LiveDay, trade: LiveTrade) -> list[RenderableType]:
    booked, plan = day.books.booked(trade.plan.trade_id), trade.plan
    if booked is None:
        return [plan.symbol, f"→ {plan.side * plan.quantity}", *[""] * 5, Text("entering", "dim")]
    last = day.strategy.view.last_price(plan.symbol) if booked.open_quantity else booked.avg_px_open
    pnl = plan.side * booked.open_quantity * (last - booked.avg_px_open)
    return [
        Text(plan.symbol, style="bold"),
        f"{plan.side * booked.open_quantity}",
        f"{booked.avg_px_open:,.2f}",
        f"{last:,.2f}",
        f"{day.strategy.view.orders(trade).stop_price(plan):,.2f}",
        f"{plan.take_profit:,.2f}",
        Text(f"{pnl:+,.2f}", style="green" if pnl >= 0 else "red"),
        _protection(day, trade),
    ]


def _protection(day: LiveDay, trade: LiveTrade) -> Text:
    leaving = "" if trade.exit_reason is None else f", leaving: {trade.exit_reason}"
    if day.strategy.view.orders(trade).stop_rests:
        return Text(f"● stop rests{leaving}", style="green")
    if trade.is_open:
        return Text(f"● NO STOP{leaving}", style="bold red")
    return Text("● filling, legs asleep", style="yellow")


def _last(day: LiveDay) -> RenderableType:
    fills = day.books.day_fills[-_FILLS:]
    lines = [
        f"{new_york(fill.ts_event)[_TIME_OF_DAY]}  {fill.order.role} {fill.order.order_side} "
        f"{fill.order.last_qty} {fill.order.symbol} at {fill.order.last_px.normalize():f}"
        for fill in reversed(fills)
    ]
    return Text("\n".join(lines) or "nothing was filled yet", style="dim")
