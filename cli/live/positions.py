"""``tradectl positions``: what is held at a venue, and what the venue says protects it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from app.figures import figure
from app.markets import MarketName
from cli.terminal.options import AsJson
from cli.terminal.output import command, emit
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from engine.domain.markets.attested import Attested, Leg

_UNPROTECTED = ExitCode.FAILED
_WHOSE = {True: ("foreign", "yellow"), False: ("ours", ""), None: ("a leg", "")}


@command
def positions(
    venue: Annotated[
        MarketName,
        typer.Option("--venue", metavar="VENUE", help=f"Whose account: {', '.join(MarketName)}."),
    ] = MarketName.SIM,
    as_json: AsJson = False,
) -> None:
    """Show positions at a venue and the orders there that protect them.

    Asks the venue alone, so it works beside a running process and without one. Exit code 1 when any
    share has no stop, or a row cannot be read; 0 when all are covered, or nothing is held.

    Example: tradectl positions --venue alpaca-paper
    """
    import msgspec

    from app.markets import market

    found, unread = asyncio.run(market(venue.value).attested())
    result = {
        "venue": venue.value,
        "unprotected": found.unprotected,
        **msgspec.to_builtins(found),
        "unread": unread,
    }
    emit(result, as_json=as_json, page=lambda console: _page(console, venue.value, found, unread))
    if found.unprotected or unread:
        raise typer.Exit(_UNPROTECTED)


def _page(console: Console, venue: str, found: Attested, unread: list[str]) -> None:
    if not found.positions:
        console.print(f"{venue}: flat", highlight=False)
    for each in found.positions:
        state = (
            f"[bold red]{each.unprotected} unprotected[/]"
            if each.unprotected
            else "[green]covered[/]"
        )
        worth = "" if each.market_value is None else f", worth {figure(each.market_value)} USD"
        console.print(
            f"[bold]{escape(each.symbol)}[/] {each.side} {each.shares} at "
            f"{figure(each.avg_entry_price)}{worth}: {state}",
            highlight=False,
        )
        _print_legs(console, each.legs)
    if found.others:
        console.print("orders where nothing is held", highlight=False)
        _print_legs(console, found.others)
    for row in unread:
        console.print(f"[bold red]cannot be read:[/] {escape(row)}", soft_wrap=True)


def _print_legs(console: Console, legs: tuple[Leg, ...]) -> None:
    from reports.fitted_table import fitted_rows

    rows = (
        (
            f"  {leg.role} {leg.side} {leg.type}",
            leg.status,
            str(leg.quantity),
            str(leg.covers) if leg.covers else "–",
            figure(leg.price),
            Text.assemble(_WHOSE[leg.is_foreign], f" {leg.symbol}"),
        )
        for leg in legs
    )
    table = fitted_rows(
        ("  order", "status", "shares", "covers", "at", "whose"),
        rows,
        numbers=("shares", "covers", "at"),
        wrapped={"  order": 12, "status": 8},
        spare=("status",),
    )
    if legs:
        console.print(table, highlight=False)
