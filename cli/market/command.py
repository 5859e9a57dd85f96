"""``tradectl market``: which markets there are, what each can do, and what is traded there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.terminal.options import DEFAULT_CATALOG, AsJson, CatalogPath
from cli.terminal.output import command, emit

if TYPE_CHECKING:
    from rich.console import Console

    from app.tickets.markets import MarketShown
    from engine.domain.markets.instrument import Instrument

_SHOWN = 20
"""Instruments that a page names; ``--json`` has all."""

app = typer.Typer(
    help="Show markets: what each can do, and what is traded there.", no_args_is_help=True
)


@app.command(name="list")
@command
def list_markets(as_json: AsJson = False) -> None:
    """List the markets and what each can do, without asking any of them.

    native: the venue does it, also while tradectl is not running. emulated: tradectl does it, as
    long as it runs.

    Example: tradectl market list
    """
    from app.tickets.markets import known_markets, plain

    found = known_markets()

    def page(console: Console) -> None:
        from reports.fitted_table import fitted_rows

        rows = (
            (
                each.name,
                each.venue,
                ", ".join(each.capabilities.order_types),
                each.capabilities.bracket.value,
                each.capabilities.trailing.value,
                _yes(each.capabilities.short),
            )
            for each in found
        )
        headings = ("market", "venue", "orders", "bracket", "trailing", "short")
        console.print(fitted_rows(headings, rows, wrapped={"orders": 16}), highlight=False)

    emit({"markets": [plain(each) for each in found]}, as_json=as_json, page=page)


@app.command()
@command
def show(
    name: Annotated[
        str, typer.Argument(metavar="MARKET", help="As `tradectl market list` has it.")
    ],
    symbol: Annotated[
        str | None, typer.Argument(metavar="[SYMBOL]", help="One instrument; all without it.")
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            "--date", metavar="DATE", help="Day that local-paper trades; the last stored."
        ),
    ] = None,
    catalog: CatalogPath = DEFAULT_CATALOG,
    as_json: AsJson = False,
) -> None:
    """Show what a market can do and what is traded there: grids, steps, minima, hours.

    local-paper is a paper account on this machine, over a recorded day; it asks nobody. alpaca-sim
    is the simulator of `tradectl sim`, alpaca-paper and alpaca-live are accounts at Alpaca: they
    are asked over the network, with the keys of APCA_API_KEY_ID and APCA_API_SECRET_KEY.

    Example: tradectl market show local-paper AAPL
    """
    from app.tickets.markets import plain, shown_market

    found = asyncio.run(shown_market(name, symbol, catalog=catalog, day=day))
    emit(plain(found), as_json=as_json, page=lambda console: _page(console, found))


def _page(console: Console, shown: MarketShown) -> None:
    can = shown.capabilities
    facts: list[tuple[str, Any]] = [
        ("venue", shown.venue),
        ("orders", ", ".join(can.order_types)),
        ("time in force", ", ".join(can.time_in_force)),
        ("bracket", can.bracket.value),
        ("trailing stop", can.trailing.value),
        ("dollar amounts", "by the venue" if can.quote_sizing else "turned into shares"),
        ("short", _yes(can.short)),
        ("fractions", _yes(can.fractional)),
        ("events kept", "for ever" if can.fills_replayed else "since a start"),
        ("requests", f"{can.rate} a minute"),
        ("instruments", f"{len(shown.instruments):,}"),
    ]
    for key, value in facts:
        console.print(f"{key:16} {value}", highlight=False, markup=False)
    _instruments(console, shown.instruments[:_SHOWN])
    if len(shown.instruments) > _SHOWN:
        console.print(f"… and {len(shown.instruments) - _SHOWN:,} more; --json has all")


def _instruments(console: Console, listed: Sequence[Instrument]) -> None:
    from reports.fitted_table import fitted_rows

    headings = (
        "instrument", "kind", "prices in", "steps of", "least", "hours", "short", "price steps",
    )  # fmt: skip
    table = fitted_rows(
        headings,
        map(_instrument, listed),
        wrapped={"price steps": 16, "least": 8},
        spare=("kind", "hours", "prices in", "short"),
    )
    if listed:
        console.print(table, highlight=False)


def _instrument(each: Instrument) -> tuple[str, ...]:
    grid = each.prices.versions[-1].grid
    least = f"{max(each.min_quantity, each.size_step):f}"
    if each.min_notional:
        least += f", {each.min_notional:f} {each.quote}"
    return (
        each.key,
        each.kind.value,
        each.quote,
        f"{each.size_step:f}",
        least,
        each.calendar.value,
        _yes(each.shortable),
        ", ".join(f"{band.tick:f} from {band.start:f}" for band in grid.bands),
    )


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
