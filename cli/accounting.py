"""Roof: ``tradectl accounting``: what a run earned, held and cost, from its tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.chosen_journal import DatabaseOption, chosen_journal
from cli.clock import new_york
from cli.figures import figure
from cli.options import DEFAULT_RUNS, AsJson, RunsPath
from cli.output import command, emit

if TYPE_CHECKING:
    from store import Projector

app = typer.Typer(
    help="Trades, positions, lots, days, fees and P&L of a run, to the cent.",
    no_args_is_help=True,
)

RunName = Annotated[str, typer.Option("--run", help="Run id, its beginning, or 'latest'.")]


def _side(value: Any) -> str:
    return "long" if value > 0 else "short"


_SHOWN: dict[str, dict[str, Callable[[Any], str]]] = {
    "entry_ts": {"entry": new_york},
    "exit_ts": {"exit": new_york},
    "open_ts": {"opened": new_york},
    "close_ts": {"closed": new_york},
    "ts_last": {"last fill": new_york},
    "side": {"side": _side},
}
"""Headings and wording of columns that are not shown as they are."""


@app.command()
@command
def trades(
    run: RunName = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    as_json: AsJson = False,
) -> None:
    """List trades from entry to flat: prices, slippage, P&L after all costs, why they ended."""
    shown = (
        "trade_id", "side", "quantity", "entry_ts", "exit_ts", "avg_px_open", "avg_px_close",
        "realized_pnl", "commission", "fees", "slippage_bps", "mae_pct", "mfe_pct", "exit_reason",
    )  # fmt: skip
    _list("trades", shown, run, database, runs, as_json)


@app.command()
@command
def positions(
    run: RunName = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    as_json: AsJson = False,
) -> None:
    """List every symbol traded: what is held of it, at what cost, and what it brought."""
    shown = ("symbol", "quantity", "avg_px_open", "cost", "realized_pnl", "commission", "ts_last")
    _list("positions", shown, run, database, runs, as_json)


@app.command()
@command
def lots(
    run: RunName = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    as_json: AsJson = False,
) -> None:
    """List lots, first in first out: shares one fill opened and another closed."""
    shown = (
        "symbol", "side", "quantity", "open_ts", "open_px", "close_ts", "close_px", "realized_pnl",
        "trade_id",
    )  # fmt: skip
    _list("lots", shown, run, database, runs, as_json)


@app.command()
@command
def daily(
    run: RunName = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    as_json: AsJson = False,
) -> None:
    """List the close of each day: equity, what it earned and cost, trades and wins."""
    shown = (
        "day", "opening_equity", "equity", "net_pnl", "moved", "commission", "fees", "fills",
        "trades", "wins",
    )  # fmt: skip
    _list("daily_close", shown, run, database, runs, as_json)


@app.command()
@command
def fees(
    run: RunName = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    as_json: AsJson = False,
) -> None:
    """List fees by day: what was charged beside what the regulators' schedules expect."""
    _list("fees", ("day", "fee", "charged", "charges", "expected"), run, database, runs, as_json)


@app.command()
@command
def pnl(
    run: RunName = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    as_json: AsJson = False,
) -> None:
    """Say from where the cash came: lots closed, costs, movements, and what is still held."""
    projector = _projector(run, database, runs)
    account = _account(projector)
    versions = list(projector.rows("strategy_metrics"))

    def page(console: Console) -> None:
        grid = Table(box=None, show_header=False)
        grid.add_column()
        grid.add_column(justify="right")
        for name, amount in account.items():
            grid.add_row(name.replace("_", " "), figure(amount))
        console.print(grid)
        shown = ("strategy", "params_version", "trades", "net_pnl", "win_rate", "profit_factor")
        console.print(_page(versions, shown))

    result = {"run_id": projector.run_id, **account, "versions": versions}
    emit(result, as_json=as_json, page=page)


@app.command()
@command
def export(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="Such as trades, fills or orders.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .csv or .parquet.")],
    run: RunName = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    as_json: AsJson = False,
) -> None:
    """Write one table of a run to a file."""
    from store import export_table

    projector = _projector(run, database, runs)
    rows = export_table(projector, table, file)
    result = {"run_id": projector.run_id, "table": table, "rows": rows, "file": str(file)}
    emit(
        result,
        as_json=as_json,
        page=lambda out: out.print(f"wrote {figure(rows)} rows of {table} to {file}"),
    )


@app.command()
@command
def rebuild(
    run: RunName = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    as_json: AsJson = False,
) -> None:
    """Drop a run's tables, fold its facts again and compare; exit 1 when they had differed."""
    import msgspec

    rebuilt = _projector(run, database, runs, catch_up=False).rebuild()

    def page(console: Console) -> None:
        table = Table("table", box=None)
        table.add_column("rows", justify="right")
        table.add_column("sha256")
        for name, digest in rebuilt.digests.items():
            table.add_row(name, figure(rebuilt.rows[name]), digest[:16])
        console.print(table)
        if rebuilt.differing:
            console.print(f"[red]had differed and were replaced: {', '.join(rebuilt.differing)}[/]")
        else:
            console.print(f"folded {figure(rebuilt.facts)} facts")

    emit(msgspec.to_builtins(rebuilt), as_json=as_json, page=page)
    if rebuilt.differing:
        raise typer.Exit(1)


def _projector(run: str, database: str | None, runs: Path, *, catch_up: bool = True) -> Projector:
    """Return a run's tables, brought up to its last fact."""
    from store import Projector

    journal, _ = chosen_journal(run, database, runs)
    projector = Projector(journal)
    if catch_up:
        projector.catch_up()
    return projector


def _list(
    table: str, shown: Sequence[str], run: str, database: str | None, runs: Path, as_json: bool
) -> None:
    projector = _projector(run, database, runs)
    rows = list(projector.rows(table))

    def page(console: Console) -> None:
        console.print(f"[bold]{projector.run_id}[/]  {table.replace('_', ' ')}", highlight=False)
        console.print(_page(rows, shown) if rows else "none")

    emit({"run_id": projector.run_id, table: rows}, as_json=as_json, page=page)


def _page(rows: Sequence[dict[str, Any]], shown: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    wording: list[Callable[[Any], str]] = []
    for name in shown:
        ((heading, words),) = _SHOWN.get(name, {name.replace("_", " "): figure}).items()
        wording.append(words)
        known = next((row[name] for row in rows if row[name] is not None), None)
        number = words is figure and not isinstance(known, str)
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(words(row[name]) for words, name in zip(wording, shown, strict=True)))
    return table


def _account(projector: Projector) -> dict[str, Decimal]:
    """Return how the opening cash became the cash there is; the lines in between add up to it."""
    lines, held = list(projector.rows("cash_movements")), list(projector.rows("positions"))
    zero = Decimal(0)
    fills = {"fill", "correction", "bust"}
    fees = [line["amount"] for line in lines if line["kind"].startswith("fee_")]
    opening = [line["amount"] for line in lines if line["kind"] == "opening"]
    booked = [line["amount"] for line in lines if line["kind"] in fills]
    return {
        "opening_cash": sum(opening, zero),
        "closed_lots": sum((row["realized_pnl"] for row in held), zero),
        "commission": -sum((row["commission"] for row in held), zero),
        "fees": sum(fees, zero),
        "moved": sum((line["amount"] for line in lines), -sum(opening + fees + booked, zero)),
        "held_at_cost": -sum((row["cost"] for row in held), zero),
        "cash": lines[-1]["cash"] if lines else zero,
    }
