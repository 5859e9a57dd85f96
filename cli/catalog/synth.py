"""``tradectl catalog synth``: a made-up market day, to try things on and to measure with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from app.clock import parse_day
from cli.terminal.options import DEFAULT_CATALOG, AsJson, CatalogPath
from cli.terminal.output import command, emit
from cli.terminal.progress import progress_bar
from engine.domain.counted import counted

if TYPE_CHECKING:
    from catalog.synth import SynthReport


@command
def synth(
    day: Annotated[str, typer.Argument(metavar="DATE", help="New York date, YYYY-MM-DD.")],
    catalog: CatalogPath = DEFAULT_CATALOG,
    symbols: Annotated[int, typer.Option("--symbols", help="How many tickers, 1 to 20,000.")] = 60,
    trades: Annotated[
        int, typer.Option("--trades", help="How many prints, auctions and corrections besides.")
    ] = 300_000,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same day.")] = 1,
    quotes: Annotated[
        bool | None,
        typer.Option("--quotes/--no-quotes", help="Default: below 5,000,000 trades."),
    ] = None,
    accelerations: Annotated[
        int | None,
        typer.Option("--accelerations", help="How many to plant at most; default by --symbols."),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Threads; the day is the same.")
    ] = 2,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace what is stored under that date.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a seeded synthetic market day.

    Activity, quotes, auctions, odd lots, late prints, corrections and a halt are like a real day's.
    Accelerations are planted where the scanner should find them; they are listed under synth/ in
    the catalog. The same numbers give the same day; one that is stored already is left alone.

    Example: tradectl catalog synth 2026-09-18 --symbols 300 --trades 1000000
    """
    from catalog import Catalog
    from catalog.synth import synthesize

    with progress_bar(f"make {day}", "rows") as progress:
        report = synthesize(
            Catalog(catalog),
            parse_day(day),
            symbols=symbols,
            trades=trades,
            seed=seed,
            quotes=quotes,
            accelerations=accelerations,
            workers=workers,
            replace=replace,
            progress=progress,
        )
    emit(_summary(report), as_json=as_json, page=lambda console: _page(console, report, catalog))


def _summary(report: SynthReport) -> dict[str, Any]:
    import msgspec

    summary: dict[str, Any] = msgspec.to_builtins(report)
    return summary | {"trades_per_sec": report.trades / report.elapsed_secs}


def _page(console: Console, report: SynthReport, catalog: str) -> None:
    recipe = report.recipe
    if report.was_stored:
        console.print(f"{recipe.day}  this very day is stored in {catalog} already")
    else:
        rate = (report.trades + report.quotes) / report.elapsed_secs / 1e6
        console.print(f"{recipe.day}  made in {report.elapsed_secs:.1f} s, {rate:.1f} M rows/s")
    console.print(
        f"{counted(report.trades, 'trade')} and {counted(report.quotes, 'quote')} of "
        f"{counted(recipe.symbols, 'symbol')}, "
        f"{counted(report.accelerations, 'acceleration')} planted, {report.halts} halted  "
        f"({report.size / 1e6:,.1f} MB in {catalog})"
    )
