"""A rehearsal and the backtest of its day, side by side, and what that proves."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from app.figures import figure
from app.rehearsal.beside_backtest import BesideBacktest
from engine.accounting import Trade
from engine.domain.counted import counted
from engine.hub import Outcome
from engine.runtime.live import VenueHealth
from reports import trades_table
from store import arrow_table

_WIDTH = 80
_SHOWN = 16
"""Digits of a digest that tell two apart."""


_PROVEN = """\
Every verdict, plan and fill is the same to the share, the cent and the
nanosecond, though live had to go by sockets, REST and order updates."""


def rehearsal_page(console: Console, compared: BesideBacktest) -> None:
    """Print both runs, their digests, and what they prove or where they part."""
    end, width = compared.rehearsal.end, min(console.width, _WIDTH)
    live = end.outcome
    title = Text(f"tradectl rehearse {compared.day}", style="bold")
    console.print(Rule(title, style="dim", align="left"), width=width)
    about = " · ".join((end.run_id, str(live.status), "live over Alpaca's protocols"))
    console.print(Text(about, style="dim"))
    console.print(Text(_heard(compared.rehearsal.health), style="dim"))
    console.print()
    console.print(_side_by_side(live, compared))
    if live.trades:
        console.print()
        rest = f"tradectl report {end.run_id}"
        console.print(trades_table(arrow_table(Trade, live.trades), rest))
    console.print()
    for line in _verdict(compared):
        console.print(line)


def _heard(health: VenueHealth) -> str:
    gaps = counted(health.gaps, "gap") if health.gaps else "no gap"
    usable = f"{counted(health.skipped, 'message')} unusable" if health.skipped else "all usable"
    return (
        f"{counted(health.trades, 'trade')} and {counted(health.quotes, 'quote')} came, "
        f"{gaps}, {usable}"
    )


def _side_by_side(live: Outcome, compared: BesideBacktest) -> Table:
    test = compared.backtest
    table = Table("", box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("live", "backtest"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for name, a, b in (
        ("candidates", live.candidates, test.candidates),
        ("orders", live.orders, test.orders),
        ("trades", len(live.trades), len(test.trades)),
        ("equity, USD", live.equity, test.equity),
    ):
        table.add_row(name, figure(a), figure(b), _sameness(same=a == b))
    for name, a, b in (
        ("decision digest", live.decision_digest, test.decision_digest),
        ("fill digest", live.fill_digest, test.fill_digest),
    ):
        table.add_row(name, f"{a[:_SHOWN]}…", f"{b[:_SHOWN]}…", _sameness(same=a == b))
    table.add_row("fills as in", *compared.fills, "")
    secs = (f"{secs:,.1f} s" for secs in (compared.rehearsal.secs, compared.backtest_secs))
    table.add_row("took", *secs, "")
    return table


def _sameness(*, same: bool) -> Text:
    return Text("same", style="green") if same else Text("differs", style="bold red")


def _verdict(compared: BesideBacktest) -> Iterator[Text]:
    why = compared.why
    if why is None:
        yield Text("Live decided and filled what the backtest did.", style="bold green")
        if not compared.rehearsal.end.outcome.trades:
            yield Text("Nothing was traded: that says little; loosen gates with --set.")
        else:
            yield Text(_PROVEN)
        return
    decisions = "same decisions" if why.same_decisions else "other decisions"
    fills = "same fills" if why.same_fills else "other fills"
    told = ", ".join(f"{count} {cause}" for cause, count in why.causes.items())
    yield Text(f"{decisions}, {fills}: {told or 'what differs was not kept'}", style="bold red")
    if why.differences:
        first = why.differences[0]
        yield Text(f"The first: {first.kind} {first.what}: {first.cause}, {first.because}")
