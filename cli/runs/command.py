"""``tradectl runs``: what was run, how it came out, and how two runs differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from app.figures import figure
from cli.terminal.options import DEFAULT_DATABASE, DEFAULT_RUNS, AsJson, Database, RunsPath
from cli.terminal.output import command, emit
from engine.domain.account import ACCELERATION
from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.runs.overview import RunRow, RunsCompared, RunShown
    from reports.fitted_table import FittedTable

app = typer.Typer(help="List, show, compare and remove runs.", no_args_is_help=True)

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Run id, its beginning, or 'latest'.")]

_NAME = 28
"""Characters to which the name of a trade may be wrapped."""

_STYLES = {"Ended": "green", "Running": "cyan", "Interrupted": "yellow"}


@app.command("list")
@command
def list_runs(
    runs: RunsPath = DEFAULT_RUNS, database: Database = DEFAULT_DATABASE, as_json: AsJson = False
) -> None:
    """List all runs: backtests, live runs and sessions, the one started last first.

    Example: tradectl runs list --runs runs
    """
    import msgspec

    from app.runs.overview import listed_runs

    found = listed_runs(runs, database)

    def page(console: Console) -> None:
        if found.runs:
            _list_page(console, found.runs)
        else:
            console.print(f"no runs in {runs}; 'tradectl backtest' makes one", soft_wrap=True)
        for error in found.damaged:
            console.print(f"[red]damaged:[/] {escape(error)}", soft_wrap=True)

    emit(msgspec.to_builtins(found), as_json=as_json, page=page)


@app.command()
@command
def show(
    name: RunName = "latest",
    runs: RunsPath = DEFAULT_RUNS,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Show one run: what was asked, how it ended, its figures and trades.

    Example: tradectl runs show latest
    """
    from app.runs.overview import shown_run

    run, integrity = shown_run(runs, name, database)
    emit(
        run.as_json(),
        as_json=as_json,
        page=lambda console: _run_page(console, run),
        integrity=integrity,
    )


@app.command()
@command
def compare(
    first: RunName,
    second: RunName,
    runs: RunsPath = DEFAULT_RUNS,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Compare two runs: what went in, what came out, and where their trades part.

    Example: tradectl runs compare latest 2026-09-18-fe16
    """
    from app.runs.overview import compared_runs

    found, integrity = compared_runs(runs, first, second, database)
    emit(
        found.as_json(),
        as_json=as_json,
        page=lambda console: _compared_page(console, found),
        integrity=integrity,
    )


@app.command("rm")
@command
def remove(
    names: Annotated[list[str], typer.Argument(metavar="RUN…", help="Runs to remove.")],
    runs: RunsPath = DEFAULT_RUNS,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove backtests with everything in them; live runs and sessions stay in the database.

    Example: tradectl runs rm latest --yes
    """
    from app.runs.overview import named_runs, remove_runs

    doomed = named_runs(runs, names)
    ids = [run.run_id for run in doomed]
    if not yes and not _agreed(ids):
        raise ConfigError("nothing was removed: answer y, or give --yes")
    remove_runs(runs, doomed)
    emit({"removed": ids}, as_json=as_json, page=lambda out: out.print(f"removed {', '.join(ids)}"))


def _list_page(console: Console, rows: Sequence[RunRow]) -> None:
    from reports.fitted_table import Column, FittedTable
    from reports.wording import share, usd

    stands = [row.integrity["standing"] if row.integrity else "none" for row in rows]
    columns = (
        Column(heading="run", cells=[row.run_id for row in rows]),
        Column(heading="status", cells=[Text.from_markup(_status(row.status)) for row in rows]),
        Column(heading="engine", cells=[row.engine for row in rows]),
        Column(heading="fills", cells=[row.fills for row in rows]),
        Column(heading="trades", cells=[figure(row.trades) for row in rows], is_number=True),
        Column(
            heading="net P&L",
            cells=[usd(row.net_pnl, signed=True) for row in rows],
            is_number=True,
        ),
        Column(heading="win rate", cells=[share(row.win_rate) for row in rows], is_number=True),
        Column(heading="journal", cells=[Text.from_markup(_stands(each)) for each in stands]),
    )
    spare = ("win rate", "engine", "fills", "trades", "journal")
    console.print(FittedTable(columns, spare), highlight=False)


def _agreed(ids: list[str]) -> bool:
    try:
        return typer.confirm(f"Remove {', '.join(ids)}?", err=True)
    except typer.Abort:  # nobody is there to answer
        typer.echo(err=True)
        return False


def _run_page(console: Console, run: RunShown) -> None:
    from app.runs.overview import IDENTITY

    def line(key: str, value: object) -> None:
        console.print(f"  {key:16} {value}", highlight=False, markup=False, soft_wrap=True)

    manifest = run.manifest
    status = _status(manifest["status"])
    console.print(f"[bold]{run.run_id}[/]  {status}  {escape(manifest['note'])}")
    for key in ("created", "catalog", *IDENTITY):
        line(key, manifest[key] or "none")
    console.print(f"  {'journal':16} {run.journal_check}", highlight=False)
    weights = manifest["weights"]
    if len(weights) > 1 or not weights.keys() <= {ACCELERATION}:
        parts = (f"{name} {weight:.3g}" for name, weight in weights.items())
        line("strategies", f"{', '.join(parts)} (by weight)")
    line("report", run.report or "none")
    if manifest["partial"]:
        console.print(f"  [yellow]partial tables: {', '.join(manifest['partial'])}[/]")
    figures = Table(box=None, show_header=False)
    for key, value in manifest["metrics"].items():
        figures.add_row(key, figure(value))
    console.print(figures)
    console.print(_trades_page(run.trades))


def _compared_page(console: Console, found: RunsCompared) -> None:
    same = [key for key, equal in found.same.items() if equal]
    console.print(f"same: {', '.join(same) or 'nothing'}")
    for title, rows in (
        ("identity", found.identity),
        ("parameters", found.params),
        ("metrics", found.metrics),
    ):
        table = Table(title, *found.runs, box=None, title_justify="left")
        for key, pair in rows.items():
            table.add_row(key, *(figure(value) for value in pair))
        if rows:
            console.print(table)
    parting = found.first_different_trade
    if parting is None:
        console.print("the trades are the same")
    else:
        console.print(_trades_page([trade for trade in parting if trade]))


def _stands(standing: str) -> str:
    style = {"verified": "green", "unverified": "dim"}.get(standing, "bold red")
    return f"[{style}]{standing}[/]"


def _trades_page(trades: list[dict[str, Any]]) -> FittedTable:
    from app.clock import new_york
    from reports.fitted_table import Column, FittedTable

    def figures(heading: str, name: str) -> Column:
        return Column(
            heading=heading, cells=[figure(each[name]) for each in trades], is_number=True
        )

    names_owners = any(trade["strategy_id"] != ACCELERATION for trade in trades)
    owners = [trade["strategy_id"] for trade in trades]
    sides = ["long" if trade["side"] > 0 else "short" for trade in trades]
    sizes = [str(trade["quantity"]) for trade in trades]
    ends = [(trade["exit_reason"] or "open").replace("_", " ") for trade in trades]
    columns = [
        Column(heading="trade", cells=[trade["trade_id"] for trade in trades], least=_NAME),
        *([Column(heading="strategy", cells=owners)] if names_owners else []),
        Column(heading="entry", cells=[new_york(trade["entry_ts"]) for trade in trades]),
        Column(heading="exit", cells=[new_york(trade["exit_ts"]) for trade in trades]),
        Column(heading="side", cells=sides),
        Column(heading="shares", cells=sizes, is_number=True),
        figures("in", "avg_px_open"),
        figures("out", "avg_px_close"),
        figures("P&L", "realized_pnl"),
        figures("MAE %", "mae_pct"),
        figures("MFE %", "mfe_pct"),
        Column(heading="exit reason", cells=ends),
    ]
    return FittedTable(columns, ("strategy", "MAE %", "MFE %", "exit", "entry", "in", "out"))


def _status(status: str) -> str:
    return f"[{_STYLES.get(status, 'red')}]{status}[/]"
