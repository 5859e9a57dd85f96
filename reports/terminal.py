"""The report of a run on one terminal page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import pyarrow as pa
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from engine.domain.account import ACCELERATION
from reports import attribution, headline, wording
from reports.columns import floats, integers, strings
from reports.fitted_table import Column, FittedTable
from reports.headline import KeyNumber, Tone
from reports.sparkline import sparkline
from reports.view import RunView

MOST_TRADES = 20
_COLOURS = {Tone.GAIN: "green", Tone.LOSS: "red", Tone.PLAIN: ""}
_BAR_WIDTH = 24
_NUMBERS_A_ROW = 5


def render_terminal(view: RunView, console: Console) -> None:
    """Print the report of a run: result, trades, attribution, ladder, quality and timings.

    Names from the data are printed as they are, never read as markup.
    """
    parts = (
        _header(view),
        _numbers(view),
        _strategies(view),
        _trades(view),
        _exits(view),
        _pair(_gates(view), _filters(view)),
        _pair(_funnel(view), _refusals(view)),
        _ladder(view),
        _timings(view),
        _provenance(view),
    )
    for part in parts:
        if part is not None:
            console.print(Padding(part, (0, 0, 1, 0)), highlight=False)


def _header(view: RunView) -> RenderableType:
    m = view.manifest.get
    about = [str(v) for v in (m("run_id"), m("status"), m("engine"), m("fills")) if v]
    lines: list[RenderableType] = [
        Rule(
            Text(f"tradectl backtest {headline.title(view)}", style="bold"),
            style="dim",
            align="left",
        ),
        Text(" · ".join(about), style="dim"),
        Text(headline.summary(view), style="bold"),
    ]
    if m("note"):
        lines.append(Text(str(m("note")), style="yellow"))
    equity = floats(view.equity, "equity")
    if view.trades.num_rows and len(equity) > 1:
        lines.append(Text("equity ", style="dim") + Text(sparkline(equity, 72), style="cyan"))
    return Group(*lines)


def _numbers(view: RunView) -> RenderableType:
    grid = Table.grid(padding=(0, 3))
    numbers = headline.key_numbers(view.metrics)
    for start in range(0, len(numbers), _NUMBERS_A_ROW):
        row = numbers[start : start + _NUMBERS_A_ROW]
        grid.add_row(*(Text(n.label, style="dim") for n in row))
        grid.add_row(*(_figure(n) for n in row))
    return grid


def _strategies(view: RunView) -> RenderableType | None:
    if not view.strategies:
        return None
    headings = ("strategy", "weight", "candidates", "judged", "approved", "trades", "P&L")
    table = _table("Strategies", headings)
    for part in view.strategies:
        counts = (part.candidates, part.judged, part.approved, part.trades)
        table.add_row(
            Text(part.strategy_id, style="bold"),
            wording.share(part.weight),
            *(wording.count(n) for n in counts),
            _money(part.net_pnl),
        )
    return table


def _trades(view: RunView) -> RenderableType | None:
    return trades_table(view.trades, "see the HTML report") if view.trades.num_rows else None


def trades_table(trades: pa.Table, rest: str) -> RenderableType:
    """Return trades (rows of ``engine.accounting.Trade``) as a reader sees them.

    ``rest`` says where the trades and columns are that do not fit.
    """
    shown = trades.slice(0, MOST_TRADES)
    owners = strings(shown, "strategy_id")
    names_owners = any(owner != ACCELERATION for owner in strings(trades, "strategy_id"))
    entry = integers(shown, "entry_ts").tolist()
    many_days = len({wording.date_clock(ts)[:10] for ts in entry}) > 1
    when = wording.date_clock if many_days else wording.clock

    def numbers(
        heading: str, name: str, cell: Callable[[float], Text | str], *, is_number: bool = True
    ) -> Column:
        cells = [cell(value) for value in floats(shown, name).tolist()]
        return Column(heading=heading, cells=cells, is_number=is_number)

    columns = [
        Column(heading="entry", cells=[when(ts) for ts in entry]),
        *([Column(heading="strategy", cells=owners)] if names_owners else []),
        Column(heading="symbol", cells=[Text(each, "bold") for each in strings(shown, "symbol")]),
        numbers("side", "side", lambda side: "long" if side > 0 else "short", is_number=False),
        numbers("shares", "quantity", wording.count),
        numbers("in", "avg_px_open", wording.price),
        numbers("out", "avg_px_close", wording.price),
        numbers("P&L", "realized_pnl", _money),
        numbers("hold", "hold_secs", wording.duration),
        Column(
            heading="exit",
            cells=[wording.words(each or "open") for each in strings(shown, "exit_reason")],
        ),
        numbers("score", "score", lambda score: wording.number(score, 1)),
        numbers("MAE", "mae_pct", wording.percent),
        numbers("MFE", "mfe_pct", wording.percent),
    ]
    spare = ("score", "MAE", "MFE", "hold", "shares", "in", "out")
    table = FittedTable(columns, spare, title="Trades", instead=rest)
    more = trades.num_rows - MOST_TRADES
    if more <= 0:
        return table
    return Group(table, Text(f"and {wording.count(more)} more: {rest}", style="dim"))


def _exits(view: RunView) -> RenderableType | None:
    slices = attribution.by_exit_reason(attribution.closed(view.trades))
    if not slices:
        return None
    table = _table("Exit reasons", ("reason", "trades", "won", "average hold", "P&L"))
    for part in slices:
        table.add_row(
            Text(wording.words(part.name)),
            wording.count(part.trades),
            wording.share(part.win_rate, 0),
            wording.duration(part.avg_hold_secs),
            _money(part.net_pnl),
        )
    return table


def _gates(view: RunView) -> RenderableType | None:
    if not view.gates:
        return None
    table = _table("Gates", ("gate", "passed", "share", "stopped alone"))
    for tally in view.gates:
        table.add_row(
            Text(wording.words(tally.gate)),
            wording.count(tally.passed),
            wording.share(tally.passed / tally.seen if tally.seen else None, 2),
            wording.count(tally.sole_failures),
        )
    return table


def _filters(view: RunView) -> RenderableType | None:
    tallies = attribution.filter_tallies(view.verdicts)
    if not tallies:
        return None
    table = _table("Confidence filters", ("filter", "pass", "fail", "unknown", "failed alone"))
    table.add_column("basis", style="dim")
    for tally in tallies:
        asked = (tally.passed, tally.failed, tally.unknown, tally.sole_failures)
        cells = [wording.count(n) for n in asked] if tally.consulted else ["off", "", "", ""]
        table.add_row(Text(wording.words(tally.name)), *cells, Text(tally.basis))
    return table


def _funnel(view: RunView) -> RenderableType | None:
    if not view.funnel:
        return None
    title = "Decision funnel" + (f" of {ACCELERATION}" if view.strategies and view.gates else "")
    table = _table(title, ("stage", "left"))
    table.add_column("of the stage before", justify="right", style="dim")
    before = 0
    for stage in view.funnel:
        share = wording.share(stage.count / before) if before else ""
        style = "" if stage.count else "red"
        table.add_row(
            Text(wording.words(stage.name)), wording.count(stage.count), share, style=style
        )
        before = stage.count
    return table


def _refusals(view: RunView) -> RenderableType | None:
    reasons = attribution.refusals(view.verdicts)
    if not reasons:
        return None
    table = _table("Refusals", ("reason", "verdicts"))
    table.add_column("")
    for reason, times in reasons:
        bar = "█" * max(1, round(_BAR_WIDTH * times / reasons[0][1]))
        table.add_row(Text(wording.words(reason)), wording.count(times), Text(bar, style="yellow"))
    return table


def _ladder(view: RunView) -> RenderableType | None:
    if len(view.ladder) <= 1:
        return None
    own = view.manifest.get("fills")
    heads = (
        f"{assumed.fills} *" if assumed.fills == own else assumed.fills for assumed in view.ladder
    )
    table = _table("Assumption ladder", ("", *heads))
    columns = (headline.key_numbers(assumed.metrics) for assumed in view.ladder)
    for row in zip(*columns, strict=True):
        table.add_row(row[0].label, *(_figure(number) for number in row))
    return table


def _timings(view: RunView) -> RenderableType | None:
    if not view.timings:
        return None
    table = _table("Timings", ("stage", "time", "trades/s"))
    for timing in view.timings:
        table.add_row(
            Text(wording.words(timing.stage)),
            wording.duration(timing.seconds),
            wording.compact(timing.trades_per_sec),
        )
    if view.peak_memory_bytes:
        table.add_row("peak memory", f"{wording.number(view.peak_memory_bytes / 1e9)} GB", "")
    return table


def _provenance(view: RunView) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    counters = " · ".join(f"{wording.words(k)} {wording.count(n)}" for k, n in view.quality.items())
    if counters:
        grid.add_row(Text("data quality", style="dim"), Text(counters))
    for name in ("journal", "decision_digest", "fill_digest", "params_hash", "data_hash"):
        if view.manifest.get(name):
            grid.add_row(Text(wording.words(name), style="dim"), Text(str(view.manifest[name])))
    return grid


def _table(title: str, headings: Iterable[str]) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=None,
        pad_edge=False,
    )
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position else "left", no_wrap=True)
    return table


def _pair(*parts: RenderableType | None) -> RenderableType | None:
    known = [part for part in parts if part is not None]
    return Columns(known, padding=(0, 4)) if known else None


def _figure(number: KeyNumber) -> Text:
    return Text(number.text, style=_COLOURS[number.tone])


def _money(value: float | Decimal) -> Text:
    return Text(
        wording.usd(value, signed=True), style="green" if value > 0 else "red" if value < 0 else ""
    )
