"""``tradectl preview``: what other parameters would have done to a stored day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.params.preview_page import preview_page
from cli.params.value_change import changed_value
from cli.terminal.day_options import StoredDay, StrategyOptions
from cli.terminal.options import DEFAULT_CATALOG, AsJson, CatalogPath
from cli.terminal.output import emit
from cli.terminal.progress import recording
from cli.terminal.shared_options import taking
from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from app.parameters.preview import Traded

_Before = Annotated[
    list[str] | None,
    typer.Option(
        "--before",
        metavar="KEY=VALUE",
        help="What holds before the change, and after it unless --set says otherwise; may be "
        "repeated. The default of each parameter where it is left out.",
    ),
]
_Start = Annotated[
    str | None,
    typer.Option("--from", metavar="HH:MM", help="From here on, New York; the open by default."),
]
_End = Annotated[
    str | None,
    typer.Option("--to", metavar="HH:MM", help="Up to here, New York; the close by default."),
]


@dataclass(frozen=True, kw_only=True)
class PreviewOptions(StrategyOptions):
    """Which change to look at, and on which day."""

    catalog: CatalogPath = DEFAULT_CATALOG
    as_json: AsJson = False


@taking(PreviewOptions)
def preview(
    options: PreviewOptions,
    day: StoredDay = None,
    start: _Start = None,
    end: _End = None,
    before: _Before = None,
) -> None:
    """Show what a change of parameters would have done to a stored day; nothing is changed.

    Candidates and trades before and after the change, by strategy, with the limits of each
    strategy's own features; the trades that it skips or adds, and what came of them. The change is
    --set and --weight; --strategy names who trades on both sides. A rehearsal on five-second
    buckets, without costs and without what a strategy does about its open trades: for fills run a
    backtest. `tradectl params set --preview` shows the same of the parameters that are kept.

    Example: tradectl preview --strategy reversion --set reversion.min_distance=4

    Example: tradectl preview --strategy acceleration --strategy reversion --weight reversion=3
    """
    import msgspec

    from app.parameters.preview import change_preview, stretch_of_day
    from app.parameters.setting_changes import setting_changes
    from catalog import Catalog

    held = before or []
    as_it_is = _traded(replace(options, set_params=held, weight=None))
    if not (options.set_params or options.weight):
        raise ConfigError("say what is to change: --set NAME.KEY=VALUE or --weight NAME=W")
    sides = (
        as_it_is,
        _traded(replace(options, set_params=_laid_over(held, options.set_params or []))),
    )
    changes = setting_changes(*sides)
    if not changes:
        raise ConfigError("all of it holds before the change already: choose other values")
    market = Catalog.open(options.catalog)
    shown = change_preview(market, *sides, stretch_of_day(market, day, start, end), recording)

    def page(console: Console) -> None:
        for each in changes:
            console.print(changed_value(each))
        preview_page(console, shown)

    result = {"changes": msgspec.to_builtins(changes), "preview": msgspec.to_builtins(shown)}
    emit({"status": "preview", **result}, as_json=options.as_json, page=page)


def _traded(options: StrategyOptions) -> Traded:
    from app.parameters.preview import Traded

    return Traded(options.parameters(), options.hosted())


def _laid_over(held: Sequence[str], changed: Sequence[str]) -> list[str]:
    """Return settings with others in the place of those that have the same key."""
    keys = {each.partition("=")[0].strip() for each in changed}
    return [*(each for each in held if each.partition("=")[0].strip() not in keys), *changed]
