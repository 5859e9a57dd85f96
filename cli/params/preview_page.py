"""A preview of a change on a terminal: candidates and trades before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from app.clock import new_york
from app.figures import figure
from cli.terminal.data_warnings import say_warnings
from engine.domain.account import ACCELERATION

if TYPE_CHECKING:
    from app.parameters.preview import ChangePreview, FeatureLimit, StrategyPreview
    from engine.preview import PaperTrade
    from reports.fitted_table import FittedTable

_FEATURES = 24
"""Characters down to which features and their limits are wrapped."""


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
    if shown.skipped or shown.added:
        console.print(_trades(shown, names=not is_default))


def _by_strategy(strategies: tuple[StrategyPreview, ...]) -> FittedTable:
    """Return each strategy's part, and what its own features were held against."""
    from reports.fitted_table import fitted_rows

    return fitted_rows(
        ("strategy", "candidates", "trades", "limits of its features"),
        (
            (
                each.strategy_id,
                f"{each.candidates_before} → {each.candidates_after}",
                f"{each.trades_before} → {each.trades_after}",
                ", ".join(map(_limit, each.features)),
            )
            for each in strategies
        ),
        numbers=("candidates", "trades"),
        wrapped={"limits of its features": _FEATURES},
    )


def _limit(limit: FeatureLimit) -> str:
    known = [each for each in (limit.before, limit.after) if each is not None]
    return f"{limit.name} {' → '.join(dict.fromkeys(map(figure, known)))}"


def _trades(shown: ChangePreview, *, names: bool) -> FittedTable:
    from reports.fitted_table import fitted_rows

    headings = ["", "symbol", "bucket", "entry", "result %", "best %", "worst %", "left by"]
    rows = [
        _cells(what, row)
        for what, trades in (("skipped", shown.skipped), ("added", shown.added))
        for row in trades
    ]
    if names:
        headings += ["strategy", "features"]
    return fitted_rows(
        headings,
        (row[: len(headings)] for row in rows),
        numbers=("entry", "result %", "best %", "worst %"),
        wrapped={"features": _FEATURES, "left by": 6},
        spare=("features", "worst %", "best %", "entry"),
    )


def _cells(what: str, row: PaperTrade) -> tuple[Text | str, ...]:
    return (
        what,
        f"{row.symbol}{'' if row.side > 0 else ' short'}",
        new_york(row.ts_event),
        str(row.entry),
        Text(f"{row.result_pct:.2f}", style="bold"),
        f"{row.favourable_pct:.2f}",
        f"{row.adverse_pct:.2f}",
        row.exit_reason.replace("_", " "),
        row.strategy_id,
        ", ".join(f"{each.name} {figure(each.value)}" for each in row.features),
    )
