"""``tradectl accounting``: what a run earned, held and cost, from its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.figures import figure
from app.runs.chosen_journal import chosen_journal
from cli.runs.accounting_page import table_page
from cli.terminal.options import DEFAULT_RUNS, AsJson, DatabaseOption, RunsPath
from cli.terminal.output import emit
from cli.terminal.shared_options import taking
from engine.domain.errors import ConfigError, NotFoundError
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from engine.journal import Integrity
    from store import Projector

app = typer.Typer(
    help="Trades, positions, lots, days, fees and P&L of a run, to the cent.",
    no_args_is_help=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which run is asked about, and how the answer is told."""

    run: Annotated[str, typer.Option("--run", help="Run id, its beginning, or 'latest'.")] = (
        "latest"
    )
    database: DatabaseOption = None
    runs: RunsPath = DEFAULT_RUNS
    as_json: AsJson = False

    def tables(self) -> tuple[Projector, Integrity]:
        """Return the run's tables, brought up to its last whole fact, and how far they hold."""
        from store import Projector

        journal, head = chosen_journal(self.run, self.database, self.runs)
        integrity = journal.integrity(head)
        projector = Projector(journal)
        projector.catch_up(integrity.seq)
        return projector, integrity


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

    def only(self, projector: Projector, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table that are asked for.

        Raises
        ------
        ConfigError
            There is no such table, or it is the account's and one strategy's rows are asked for.
        NotFoundError
            The run has no such strategy or account.
        """
        from engine.accounting import PROJECTIONS, columns_of

        if table not in PROJECTIONS:
            raise ConfigError(f"no table is called {table!r}; there are {', '.join(PROJECTIONS)}")
        rows = list(projector.rows(table))
        for column, wanted in (("strategy_id", self.strategy), ("account", self.account)):
            if wanted is None:
                continue
            what = "strategy" if column == "strategy_id" else "account"
            known = _known(projector, column)
            if wanted not in known:
                raise NotFoundError(
                    f"run {projector.run_id} has no {what} {wanted!r}, expected "
                    f"{' or '.join(known) or 'none: it has recorded nothing'}"
                )
            if column not in (each.name for each in columns_of(PROJECTIONS[table].row)):
                if column == "account":
                    continue  # parameters: the same for every account of the run
                raise ConfigError(
                    f"{table.replace('_', ' ')} are the account's, not one strategy's: leave "
                    "--strategy out, or ask 'tradectl accounting strategies'"
                )
            rows = [row for row in rows if row[column] == wanted]
        return rows


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
        "strategy_id", "fees", "commission", "mae_pct", "mfe_pct", "slippage_bps", "quantity",
        "exit_ts", "side",
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
    projector, integrity = asked.tables()
    versions = asked.only(projector, "strategy_metrics")
    account = _account(projector)

    def page(console: Console) -> None:
        grid = Table(box=None, show_header=False, pad_edge=False)
        grid.add_column()
        grid.add_column(justify="right")
        for name, amount in account.items():
            grid.add_row(name.replace("_", " "), figure(amount))
        console.print(grid)
        shown = (
            "strategy_id", "params_version", "trades", "net_pnl", "booked_pnl", "win_rate",
            "profit_factor",
        )  # fmt: skip
        console.print()
        table_page(console, versions, shown, ("profit_factor",))

    result = {"run_id": projector.run_id, **account, "versions": versions}
    emit(result, as_json=asked.as_json, page=page, integrity=integrity)


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
    from store import export_table

    projector, integrity = asked.tables()
    rows = export_table(asked.only(projector, table), table, file)
    result = {"run_id": projector.run_id, "table": table, "rows": rows, "file": str(file)}
    told = escape(f"wrote {figure(rows)} rows of {table} to {file}")
    emit(
        result,
        as_json=asked.as_json,
        page=lambda out: out.print(told, soft_wrap=True),
        integrity=integrity,
    )


@app.command()
@taking(Question)
def rebuild(asked: Question) -> None:
    """Drop a run's tables, fold its facts again and compare; exit 1 when they had differed.

    Example: tradectl accounting rebuild --run latest
    """
    import msgspec

    from store import Projector

    journal, head = chosen_journal(asked.run, asked.database, asked.runs)
    rebuilt = Projector(journal).rebuild()
    integrity = journal.integrity(head)

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
    projector, integrity = asked.tables()
    rows = asked.only(projector, table)

    def page(console: Console) -> None:
        title = escape(projector.run_id)
        console.print(f"[bold]{title}[/]  {table.replace('_', ' ')}", highlight=False)
        if rows:
            table_page(console, rows, shown, spare)
        else:
            console.print("none")

    result = {"run_id": projector.run_id, table: rows}
    emit(result, as_json=asked.as_json, page=page, integrity=integrity)


def _known(projector: Projector, column: str) -> list[str]:
    """Return the strategies, or the accounts, that a run has."""
    table = "strategies" if column == "strategy_id" else "cash_movements"
    return sorted({row[column] for row in projector.rows(table)})


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
