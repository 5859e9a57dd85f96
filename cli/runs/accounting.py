"""``tradectl accounting``: what a run earned, held and cost, from its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.figures import figure
from cli.runs.accounting_page import table_page
from cli.terminal.options import DEFAULT_RUNS, RUN_WORDS, AsJson, DatabaseOption, RunsPath
from cli.terminal.output import emit
from cli.terminal.shared_options import taking
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from app.runs.accounting import AskedRun, Owner

app = typer.Typer(
    help="Trades, positions, lots, days, fees and P&L of a run, to the cent.",
    no_args_is_help=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which run is asked about, and how the answer is told."""

    run: Annotated[str, typer.Option("--run", help=RUN_WORDS)] = "latest"
    database: DatabaseOption = None
    runs: RunsPath = DEFAULT_RUNS
    as_json: AsJson = False

    def asked(self) -> AskedRun:
        """Return the run that is asked about."""
        from app.runs.accounting import AskedRun

        return AskedRun(self.run, self.database, self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed(Question):
    """A question about one strategy or account of the run, or all of them."""

    strategy: Annotated[
        str | None,
        typer.Option("--strategy", metavar="NAME", help="Only what is of this strategy."),
    ] = None
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="NAME", help="Only what is of this account."),
    ] = None

    def owner(self) -> Owner:
        """Return whose rows are asked for."""
        from app.runs.accounting import Owner

        return Owner(self.strategy, self.account)


@app.command()
@taking(Narrowed)
def trades(asked: Narrowed) -> None:
    """List trades from entry to flat: prices, slippage, P&L after all costs, why they ended.

    Example: tradectl accounting trades --run latest
    """
    shown = (
        "trade_id", "strategy_id", "side", "quantity", "entry_ts", "exit_ts", "avg_px_open",
        "avg_px_close", "realized_pnl", "commission", "fees", "slippage_bps", "mae_pct", "mfe_pct",
        "exit_reason",
    )  # fmt: skip
    spare = (
        "strategy_id", "fees", "commission", "mae_pct", "mfe_pct", "slippage_bps", "exit_ts",
        "side", "quantity",
    )  # fmt: skip
    _list(asked, "trades", shown, spare)


@app.command()
@taking(Narrowed)
def positions(asked: Narrowed) -> None:
    """List every symbol traded: what is held of it, at what cost, and what it brought.

    Example: tradectl accounting positions
    """
    shown = ("symbol", "quantity", "avg_px_open", "cost", "realized_pnl", "commission", "ts_last")
    _list(asked, "positions", shown, ("commission", "ts_last"))


@app.command()
@taking(Narrowed)
def lots(asked: Narrowed) -> None:
    """List lots, first in first out: shares one fill opened and another closed.

    Example: tradectl accounting lots
    """
    shown = (
        "symbol", "side", "quantity", "open_ts", "open_px", "close_ts", "close_px", "realized_pnl",
        "trade_id",
    )  # fmt: skip
    _list(asked, "lots", shown, ("side", "symbol", "close_ts"))


@app.command()
@taking(Narrowed)
def daily(asked: Narrowed) -> None:
    """List the close of each day: equity, what it earned and cost, trades and wins.

    Example: tradectl accounting daily
    """
    shown = (
        "day", "opening_equity", "equity", "net_pnl", "moved", "commission", "fees", "fills",
        "trades", "wins",
    )  # fmt: skip
    _list(asked, "daily_close", shown, ("fills", "moved", "opening_equity", "commission"))


@app.command()
@taking(Narrowed)
def fees(asked: Narrowed) -> None:
    """List fees by day: what was charged beside what the regulators' schedules expect.

    Example: tradectl accounting fees
    """
    _list(asked, "fees", ("day", "fee", "charged", "charges", "expected"), ())


@app.command()
@taking(Narrowed)
def strategies(asked: Narrowed) -> None:
    """List what each strategy earned: of the trades it owns, and as P&L is booked to it.

    Example: tradectl accounting strategies --strategy acceleration --json
    """
    shown = (
        "strategy_id", "params_version", "account", "trades", "open_trades", "net_pnl",
        "booked_pnl", "win_rate", "profit_factor",
    )  # fmt: skip
    _list(asked, "strategy_metrics", shown, ("open_trades", "profit_factor", "account"))


@app.command()
@taking(Narrowed)
def pnl(asked: Narrowed) -> None:
    """Say from where the cash came: lots closed, costs, movements, and what is still held.

    The cash is the account's whatever strategy is asked for; --strategy narrows what was booked.

    Example: tradectl accounting pnl
    """
    from msgspec import structs

    from app.runs.accounting import earned_cash

    earned = earned_cash(asked.asked(), asked.owner())

    def page(console: Console) -> None:
        if earned.running:
            console.print("[yellow]still runs: as of now[/]")
        grid = Table(box=None, show_header=False, pad_edge=False)
        grid.add_column()
        grid.add_column(justify="right")
        for name, amount in structs.asdict(earned.flow).items():
            grid.add_row(name.replace("_", " "), figure(amount))
        console.print(grid)
        shown = (
            "strategy_id", "params_version", "trades", "net_pnl", "booked_pnl", "win_rate",
            "profit_factor",
        )  # fmt: skip
        console.print()
        table_page(console, earned.versions, shown, ("profit_factor",))

    emit(earned.told(), as_json=asked.as_json, page=page, integrity=earned.integrity)


@app.command()
@taking(Narrowed)
def export(
    asked: Narrowed,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="Such as trades, fills or orders.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .csv or .parquet.")],
) -> None:
    """Write one table of a run to a file.

    Example: tradectl accounting export trades trades.csv
    """
    from app.runs.accounting import exported_table

    made = exported_table(asked.asked(), table, file, asked.owner())
    line = escape(f"wrote {figure(made.rows)} rows of {made.table} to {made.file}")
    emit(
        made.told(),
        as_json=asked.as_json,
        page=lambda out: out.print(line, soft_wrap=True),
        integrity=made.integrity,
    )


@app.command()
@taking(Question)
def rebuild(asked: Question) -> None:
    """Drop a run's tables, fold its facts again and compare; exit 1 when they had differed.

    Example: tradectl accounting rebuild --run latest
    """
    import msgspec

    from app.runs.accounting import rebuilt_tables

    rebuilt, integrity = rebuilt_tables(asked.asked())

    def page(console: Console) -> None:
        table = Table("table", box=None, pad_edge=False)
        table.add_column("rows", justify="right")
        table.add_column("sha256")
        for name, digest in rebuilt.digests.items():
            table.add_row(name, figure(rebuilt.rows[name]), digest[:16])
        console.print(table)
        if rebuilt.differing:
            console.print(f"[red]had differed and were replaced: {', '.join(rebuilt.differing)}[/]")
        else:
            console.print(f"folded {figure(rebuilt.facts)} facts")

    emit(msgspec.to_builtins(rebuilt), as_json=asked.as_json, page=page, integrity=integrity)
    if rebuilt.differing:
        raise typer.Exit(ExitCode.FAILED)


def _list(asked: Narrowed, table: str, shown: Sequence[str], spare: Sequence[str]) -> None:
    """Tell a table; a terminal too narrow for it does without the columns named ``spare``."""
    from app.runs.accounting import accounting_table

    found = accounting_table(asked.asked(), table, asked.owner())

    def page(console: Console) -> None:
        title = escape(found.run_id)
        now = "  [yellow]still runs: as of now[/]" if found.running else ""
        console.print(f"[bold]{title}[/]  {table.replace('_', ' ')}{now}", highlight=False)
        if found.rows:
            table_page(console, found.rows, shown, spare)
        else:
            console.print("none")

    emit(found.told(), as_json=asked.as_json, page=page, integrity=found.integrity)
