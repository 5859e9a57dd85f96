"""``tradectl catalog pull``: Alpaca's history into the catalog."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from app.clock import parse_day
from app.symbol_list import listed_symbols
from cli.terminal.options import DEFAULT_CATALOG, AsJson, CatalogPath
from cli.terminal.output import command, emit
from cli.terminal.progress import progress_bar
from engine.domain.counted import counted
from engine.domain.symbols import as_typed

if TYPE_CHECKING:
    from catalog.pull import PullReport

FeedName = Literal["sip", "iex", "boats", "otc"]


@command
def pull(
    symbols: Annotated[
        list[str],
        typer.Option(
            "--symbols", help="Tickers between commas, or @FILE with one a line; may be repeated."
        ),
    ],
    start: Annotated[str, typer.Option("--start", help="First date, YYYY-MM-DD, New York.")],
    end: Annotated[
        str | None, typer.Option("--end", help="Last date; the first when left out.")
    ] = None,
    trades: Annotated[bool, typer.Option("--trades", help="Pull every print.")] = False,
    quotes: Annotated[
        bool, typer.Option("--quotes", help="Pull every best bid and offer.")
    ] = False,
    bars: Annotated[bool, typer.Option("--bars", help="Pull minute bars, unadjusted.")] = False,
    news: Annotated[bool, typer.Option("--news", help="Pull news articles.")] = False,
    corporate_actions: Annotated[
        bool, typer.Option("--corporate-actions", help="Pull splits, dividends, renames …")
    ] = False,
    feed: Annotated[
        FeedName, typer.Option("--feed", help="Of trades, quotes and bars; iex is in every plan.")
    ] = "sip",
    url: Annotated[
        str | None,
        typer.Option("--url", help="Data host, such as the simulator's http://127.0.0.1:8765."),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Ask again, and replace stored rows that differ."),
    ] = False,
    catalog: CatalogPath = DEFAULT_CATALOG,
    as_json: AsJson = False,
) -> None:
    """Pull market data from Alpaca's history, with the keys in the environment.

    Set APCA_API_KEY_ID and APCA_API_SECRET_KEY. A pull keeps to the rate limit, goes on where it
    was when it is cut short, and does not ask again for what it has.

    Example: tradectl catalog pull --symbols AAPL,MSFT --start 2026-09-18 --trades
    """
    import msgspec

    from catalog import Catalog
    from catalog.pull import KINDS, PullOrder, Vendor
    from catalog.pull import pull as pull_history
    from engine.domain.session import NEW_YORK

    chosen = dict(zip(KINDS, (trades, quotes, bars, news, corporate_actions), strict=True))
    first = parse_day(start)
    order = PullOrder(
        kinds=tuple(kind for kind, is_wanted in chosen.items() if is_wanted),
        symbols=tuple(sorted({*map(as_typed, listed_symbols(symbols, "--symbols"))})),
        start=first,
        end=parse_day(end) if end else first,
        feed=feed,
        today=datetime.now(NEW_YORK).date(),
        replace=replace,
    )
    with (
        Vendor.from_environment(os.environ, url) as vendor,
        progress_bar("pulling", "symbol-days") as show,
    ):
        report = pull_history(Catalog(catalog), vendor, order, show)
    emit(
        {"status": "ok", **msgspec.to_builtins(report)},
        as_json=as_json,
        page=lambda console: _page(console, report, catalog),
    )


def _page(console: Console, report: PullReport, catalog: str) -> None:
    from reports.fitted_table import fitted_rows

    numbers = ("rows", "set aside", "stored", "pages", "had already", "without rows")
    rows = (
        (
            each.kind.replace("_", " "),
            *map(
                "{:,}".format,
                (each.rows, each.rejected, each.stored, each.pages, each.already, each.silent),
            ),
        )
        for each in report.kinds
    )
    console.print(
        fitted_rows(
            ("kind", *numbers),
            rows,
            numbers=numbers,
            spare=("pages",),
            title=f"pulled into {catalog}",
        )
    )
    console.print(
        f"{counted(report.symbols, 'symbol')}, {counted(report.days, 'trading day')}, "
        f"feed {report.feed}; "
        f"{report.waited_secs:,.0f} s waited for the rate limit"
    )
    unfinished = sorted({day for each in report.kinds for day in each.unfinished})
    for day in unfinished:
        console.print(f"[yellow]{day} is not over: pull it again with --replace[/]")
