"""A preview of a change on a terminal: candidates and trades before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.clock import new_york
from app.figures import figure
from cli.terminal.data_warnings import say_warnings
from engine.domain.account import ACCELERATION

if TYPE_CHECKING:
    from app.parameters.preview import ChangePreview, FeatureLimit, StrategyPreview
    from engine.preview import PaperTrade


def preview_page(console: Console, shown: ChangePreview) -> None:
    """Print what a change would have done to a recorded stretch."""
    say_warnings(shown.warnings)
    span = f"{new_york(shown.start_ns)} to {new_york(shown.end_ns)[11:]}"
    console.print(
        f"[bold]{span}[/]: candidates {shown.candidates_before} → "
        f"{shown.candidates_after} ({shown.candidates_gone} gone, "
        f"{shown.candidates_new} new), trades {shown.trades_before} → "
        f"{shown.trades_after}"
    )
    is_default = [each.strategy_id for each in shown.strategies] == [ACCELERATION]
    if not is_default:
        console.print(_by_strategy(shown.strategies))
    for each in shown.switched_off:
        console.print(
            f"{each.side} the change strategy {each.strategy_id} was switched off at "
            f"{new_york(each.ts_event)}: {each.why}",
            style="yellow",
            highlight=False,
            markup=False,
        )
    table = _trades(shown, names=not is_default)
    if table.row_count:
        console.print(table)


def _by_strategy(strategies: tuple[StrategyPreview, ...]) -> Table:
    """Return each strategy's part, and what its own features were held against."""
    table = Table("strategy", box=None, pad_edge=False)
    for heading in ("candidates", "trades"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("limits of its features")
    for each in strategies:
        table.add_row(
            each.strategy_id,
            f"{each.candidates_before} → {each.candidates_after}",
            f"{each.trades_before} → {each.trades_after}",
            escape(", ".join(map(_limit, each.features))),
        )
    return table


def _limit(limit: FeatureLimit) -> str:
    known = [each for each in (limit.before, limit.after) if each is not None]
    return f"{limit.name} {' → '.join(dict.fromkeys(map(figure, known)))}"


def _trades(shown: ChangePreview, *, names: bool) -> Table:
    table = Table("", "symbol", "bucket", box=None, pad_edge=False)
    for heading in ("entry", "result %", "best %", "worst %"):
        table.add_column(heading, justify="right")
    table.add_column("left by")
    if names:
        table.add_column("strategy")
        table.add_column("features")
    for what, trades in (("skipped", shown.skipped), ("added", shown.added)):
        for row in trades:
            whose = (row.strategy_id, escape(_features(row))) if names else ()
            table.add_row(
                what,
                f"{row.symbol}{'' if row.side > 0 else ' short'}",
                new_york(row.ts_event),
                str(row.entry),
                f"[bold]{row.result_pct:.2f}[/]",
                f"{row.favourable_pct:.2f}",
                f"{row.adverse_pct:.2f}",
                row.exit_reason.replace("_", " "),
                *whose,
            )
    return table


def _features(trade: PaperTrade) -> str:
    return ", ".join(f"{each.name} {figure(each.value)}" for each in trade.features)
