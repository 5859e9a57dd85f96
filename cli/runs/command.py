"""``tradectl runs``: what was run, how it came out, and how two runs differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from app.figures import figure, shown_value
from cli.terminal.options import (
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    RUN_WORDS,
    AsJson,
    Database,
    RunsPath,
)
from cli.terminal.output import command, emit
from engine.domain.account import ACCELERATION
from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.runs.overview import RunRow, RunShown
    from app.runs.run_labels import Labelled
    from reports.fitted_table import FittedTable

app = typer.Typer(help="List, show, name, tag, compare and remove runs.", no_args_is_help=True)

RunName = Annotated[str, typer.Argument(metavar="RUN", help=RUN_WORDS)]

_NAME = 28
"""Characters to which the name of a trade may be wrapped."""

_CALLED, _VALUES = 12, 34
"""Characters to which names and tags, and the values that differ, may be wrapped."""

_MOST_VALUES = 6
"""Values that differ of one run; --json and `runs compare` have all."""

_STYLES = {"Ended": "green", "Running": "cyan", "Interrupted": "yellow"}


@app.command("list")
@command
def list_runs(
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="Only runs with this tag; may be repeated."),
    ] = None,
    runs: RunsPath = DEFAULT_RUNS,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """List all runs: backtests, live runs and sessions, the one started last first.

    Beside each stand those of its parameters, strategies and weights that are not the same in all
    runs of the list.

    Example: tradectl runs list --tag opening
    """
    import msgspec

    from app.runs.overview import listed_runs

    found = listed_runs(runs, database, tag or ())

    def page(console: Console) -> None:
        if found.runs:
            _list_page(console, found.runs)
        else:
            tagged = f" tagged {', '.join(tag)}" if tag else ""
            told = f"no runs{tagged} in {runs} or {database}; 'tradectl backtest' makes one"
            console.print(told, soft_wrap=True, markup=False, highlight=False)
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
    """Compare two runs: what differs of what went in and came out, and trade by trade.

    Strategies, their weights and their parameters went in, too. `tradectl diff` says why.

    Example: tradectl runs compare latest 2026-09-18-fe16
    """
    from app.runs.comparing import compared_runs
    from cli.runs.compare_page import compared_page

    found, integrity = compared_runs(runs, first, second, database)
    emit(
        found.as_json(),
        as_json=as_json,
        page=lambda console: compared_page(console, found),
        integrity=integrity,
    )


@app.command("name")
@command
def name_one(
    run: RunName,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="What to call it; none takes its name.")
    ] = None,
    runs: RunsPath = DEFAULT_RUNS,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Give a run a name, which every RUN argument takes from then on; without NAME none.

    Example: tradectl runs name latest "wider stops"
    """
    from app.runs.run_labels import name_run

    _tell(name_run(runs, run, name, database), as_json=as_json)


@app.command("tag")
@command
def tag_one(
    run: RunName,
    tags: Annotated[list[str], typer.Argument(metavar="TAG…", help="Tags, without blanks.")],
    *,
    removes: Annotated[bool, typer.Option("--remove", help="Take them from it.")] = False,
    runs: RunsPath = DEFAULT_RUNS,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Tag a run, so that `tradectl runs list --tag` finds it.

    Example: tradectl runs tag latest opening review
    """
    from app.runs.run_labels import tag_run

    _tell(tag_run(runs, run, tags, database, removes=removes), as_json=as_json)


def _tell(labelled: Labelled, *, as_json: bool) -> None:
    tags = ", ".join(labelled.tags) or "none"
    line = f"{labelled.run_id}: name {labelled.name or 'none'}, tags {tags}"
    emit(
        labelled.told(),
        as_json=as_json,
        page=lambda out: out.print(line, markup=False, highlight=False, soft_wrap=True),
    )


@app.command("rm")
@command
def remove(
    names: Annotated[list[str], typer.Argument(metavar="RUN…", help="Runs to remove.")],
    runs: RunsPath = DEFAULT_RUNS,
    database: Database = DEFAULT_DATABASE,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove backtests with everything in them; live runs and sessions stay in the database.

    Example: tradectl runs rm latest --yes
    """
    from app.runs.overview import named_runs, remove_runs

    doomed = named_runs(runs, names, database)
    ids = [run.run_id for run in doomed]
    if not yes and not _agreed(ids):
        raise ConfigError("nothing was removed: answer y, or give --yes")
    remove_runs(runs, doomed)
    emit({"removed": ids}, as_json=as_json, page=lambda out: out.print(f"removed {', '.join(ids)}"))


def _list_page(console: Console, rows: Sequence[RunRow]) -> None:
    from reports.fitted_table import Column, FittedTable
    from reports.wording import share, usd

    stands = [row.integrity["standing"] if row.integrity else "none" for row in rows]
    called = [_called(row) for row in rows]
    values = [_differing(row) for row in rows]
    columns = (
        Column(heading="run", cells=[row.run_id for row in rows]),
        Column(heading="name, #tags", cells=called, least=_CALLED),
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
        Column(heading="what differs", cells=values, least=_VALUES),
    )
    if not any(called):
        columns = tuple(each for each in columns if each.heading != "name, #tags")
    if not any(values):
        columns = tuple(each for each in columns if each.heading != "what differs")
    spare = ("win rate", "engine", "fills", "journal", "trades", "what differs", "name, #tags")
    console.print(FittedTable(columns, spare), highlight=False)


def _called(row: RunRow) -> str:
    return ", ".join((*filter(None, [row.name]), *(f"#{tag}" for tag in row.tags)))


def _differing(row: RunRow) -> str:
    known = [
        f"{name} {shown_value(value)}" for name, value in row.differing.items() if value is not None
    ]
    more = [f"and {len(known) - _MOST_VALUES} more"] if len(known) > _MOST_VALUES else []
    return ", ".join([*known[:_MOST_VALUES], *more])


def _agreed(ids: list[str]) -> bool:
    try:
        return typer.confirm(f"Remove {', '.join(ids)}?", err=True)
    except typer.Abort:  # nobody is there to answer
        typer.echo(err=True)
        return False


def _run_page(console: Console, run: RunShown) -> None:
    from app.runs.overview import IDENTITY
    from reports.wording import metric

    def line(key: str, value: object) -> None:
        console.print(f"  {key:16} {value}", highlight=False, markup=False, soft_wrap=True)

    manifest = run.manifest
    status = _status(manifest["status"])
    console.print(f"[bold]{run.run_id}[/]  {status}  {escape(manifest['note'])}")
    for key in ("name", "tags", "letters", "symbols"):
        if value := manifest[key]:
            line(key, value if isinstance(value, str) else ", ".join(value))
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
        figures.add_row(key, metric(key, value))
    console.print(figures)
    console.print(_trades_page(run.trades))
    if any(trade["exit_ts"] and trade["mae_pct"] is None for trade in run.trades):
        console.print(
            "MAE and MFE are not among the facts of a day that was heard from a venue: "
            f"'tradectl report {run.run_id}' measures them on its tape",
            style="dim",
            highlight=False,
            markup=False,
        )


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
