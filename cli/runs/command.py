"""``tradectl runs``: what was run, how it came out, and how two runs differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.runs.integrity import run_integrity, told, worst
from cli.terminal.figures import figure
from cli.terminal.options import DEFAULT_RUNS, AsJson, RunsPath
from cli.terminal.output import command, emit
from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from engine.journal import Integrity
    from store import Run

app = typer.Typer(help="List, show, compare and remove runs.", no_args_is_help=True)

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Run id, its beginning, or 'latest'.")]

_GLANCE = 5_000
"""Facts of each run that a list of many looks at."""

_STYLES = {"Ended": "green", "Running": "cyan", "Interrupted": "yellow"}
_IDENTITY = (
    "params_hash",
    "data_hash",
    "code_hash",
    "engine_version",
    "engine",
    "fills",
    "decision_digest",
    "fill_digest",
)


@app.command("list")
@command
def list_runs(runs: RunsPath = DEFAULT_RUNS, as_json: AsJson = False) -> None:
    """List all runs, the one started last first."""
    from reports.wording import share, usd
    from store import RunStore

    store = RunStore(runs)
    rows = [_summary(run) for run in store.runs()]
    damaged = [str(error) for error in store.damaged()]

    def page(console: Console) -> None:
        table = Table("run", "status", "engine", "fills", box=None)
        for heading in ("trades", "net P&L", "win rate"):
            table.add_column(heading, justify="right")
        table.add_column("journal")
        for row in rows:
            table.add_row(
                row["run_id"],
                _status(row["status"]),
                row["engine"],
                row["fills"],
                figure(row["trades"]),
                usd(row["net_pnl"], signed=True),
                share(row["win_rate"]),
                _stands(row["integrity"]["standing"]),
            )
        console.print(table if rows else f"no runs in {runs}; 'tradectl backtest' makes one")
        for error in damaged:
            console.print(f"[red]damaged:[/] {escape(error)}", soft_wrap=True)

    emit({"runs": rows, "damaged": damaged}, as_json=as_json, page=page)


@app.command()
@command
def show(name: RunName = "latest", runs: RunsPath = DEFAULT_RUNS, as_json: AsJson = False) -> None:
    """Show one run: what was asked, how it ended, its figures and trades."""
    from store import RunStore

    run = RunStore(runs).run(name)
    manifest = _manifest(run)
    trades = _trades(run)
    integrity = run_integrity(run)
    verified = _verified(integrity)
    report = str(run.report) if run.report.is_file() else None

    def page(console: Console) -> None:
        status = _status(manifest["status"])
        console.print(f"[bold]{run.run_id}[/]  {status}  {escape(manifest['note'])}")
        for key in ("created", "catalog", *_IDENTITY):
            console.print(
                f"  {key:16} {manifest[key]}", highlight=False, markup=False, soft_wrap=True
            )
        console.print(f"  {'journal':16} {verified}", highlight=False)
        console.print(
            f"  {'report':16} {report or 'none'}", highlight=False, markup=False, soft_wrap=True
        )
        if manifest["partial"]:
            console.print(f"  [yellow]partial tables: {', '.join(manifest['partial'])}[/]")
        figures = Table(box=None, show_header=False)
        for key, value in manifest["metrics"].items():
            figures.add_row(key, figure(value))
        console.print(figures)
        console.print(_trades_page(trades))

    result = manifest | {"trades": trades, "journal_check": verified, "report": report}
    emit(result, as_json=as_json, page=page, integrity=integrity)


@app.command()
@command
def compare(
    first: RunName, second: RunName, runs: RunsPath = DEFAULT_RUNS, as_json: AsJson = False
) -> None:
    """Compare two runs: what went in, what came out, and where their trades part."""
    from store import RunStore

    store = RunStore(runs)
    one, two = store.run(first), store.run(second)
    a, b = _manifest(one), _manifest(two)
    result = {
        "runs": [one.run_id, two.run_id],
        "same": {key: a[key] == b[key] for key in _IDENTITY},
        "params": _differences(a["params"], b["params"]),
        "metrics": _differences(a["metrics"], b["metrics"]),
        "first_different_trade": _first_different(_trades(one), _trades(two)),
    }

    def page(console: Console) -> None:
        same = [key for key, equal in result["same"].items() if equal]
        console.print(f"same: {', '.join(same) or 'nothing'}")
        for title, rows in (
            ("identity", {key: [a[key], b[key]] for key in _IDENTITY if key not in same}),
            ("parameters", result["params"]),
            ("metrics", result["metrics"]),
        ):
            table = Table(title, one.run_id, two.run_id, box=None, title_justify="left")
            for key, pair in rows.items():
                table.add_row(key, *(figure(value) for value in pair))
            if rows:
                console.print(table)
        parting = result["first_different_trade"]
        if parting is None:
            console.print("the trades are the same")
        else:
            console.print(_trades_page([trade for trade in parting if trade]))

    integrity = worst(run_integrity(one), run_integrity(two))
    emit(result, as_json=as_json, page=page, integrity=integrity)


@app.command("rm")
@command
def remove(
    names: Annotated[list[str], typer.Argument(metavar="RUN…", help="Runs to remove.")],
    runs: RunsPath = DEFAULT_RUNS,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove runs with everything in them."""
    from store import RunStore

    store = RunStore(runs)
    doomed = [store.run(name) for name in names]
    ids = [run.run_id for run in doomed]
    if not yes and not _agreed(ids):
        raise ConfigError("nothing was removed: answer y, or give --yes")
    for run in doomed:
        store.remove(run)
    emit({"removed": ids}, as_json=as_json, page=lambda out: out.print(f"removed {', '.join(ids)}"))


def _agreed(ids: list[str]) -> bool:
    try:
        return typer.confirm(f"Remove {', '.join(ids)}?", err=True)
    except typer.Abort:  # nobody is there to answer
        typer.echo(err=True)
        return False


def _summary(run: Run) -> dict[str, Any]:
    manifest = _manifest(run)
    keys = ("run_id", "status", "note", "start", "end", "engine", "fills", "created")
    metrics = manifest["metrics"]
    figures = {name: metrics.get(name) for name in ("trades", "net_pnl", "win_rate")}
    integrity = run_integrity(run, most=_GLANCE)
    stands = {"integrity": integrity and told(integrity)}
    return {key: manifest[key] for key in keys} | figures | stands


def _manifest(run: Run) -> dict[str, Any]:
    import msgspec

    return msgspec.to_builtins(run.manifest)


def _trades(run: Run) -> list[dict[str, Any]]:
    table = run.read_table("trades")
    return [] if table is None else table.to_pylist()


def _verified(integrity: Integrity | None) -> str:
    if integrity is None or integrity.detail:
        return "" if integrity is None else f"{integrity.standing}: {integrity.detail}"
    return f"{integrity.seq} facts, chain whole"


def _stands(standing: str) -> str:
    style = {"verified": "green", "unverified": "dim"}.get(standing, "bold red")
    return f"[{style}]{standing}[/]"


def _differences(one: dict[str, Any], two: dict[str, Any]) -> dict[str, list[Any]]:
    keys = [*one, *(key for key in two if key not in one)]
    return {key: [one.get(key), two.get(key)] for key in keys if one.get(key) != two.get(key)}


def _first_different(
    one: list[dict[str, Any]], two: list[dict[str, Any]]
) -> list[dict[str, Any] | None] | None:
    from itertools import zip_longest

    pairs = zip_longest(one, two)
    return next(([a, b] for a, b in pairs if a != b), None)


def _trades_page(trades: list[dict[str, Any]]) -> Table:
    from app.clock import new_york

    table = Table("trade", "entry", "exit", box=None)
    for heading in ("side", "shares", "in", "out", "P&L", "MAE %", "MFE %"):
        table.add_column(heading, justify="right")
    table.add_column("exit reason")
    for trade in trades:
        table.add_row(
            trade["trade_id"],
            new_york(trade["entry_ts"]),
            new_york(trade["exit_ts"]),
            "long" if trade["side"] > 0 else "short",
            str(trade["quantity"]),
            *(figure(trade[name]) for name in ("avg_px_open", "avg_px_close", "realized_pnl")),
            *(figure(trade[name]) for name in ("mae_pct", "mfe_pct")),
            trade["exit_reason"] or "open",
        )
    return table


def _status(status: str) -> str:
    return f"[{_STYLES.get(status, 'red')}]{status}[/]"
