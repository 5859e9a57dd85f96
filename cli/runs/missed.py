"""``tradectl missed``: rejected candidates that went far, and what stopped each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app.clock import parse_day
from app.figures import figure
from cli.terminal.day_options import ScanOptions
from cli.terminal.options import DEFAULT_DATABASE, DEFAULT_RUNS, Database, RunOption, RunsPath
from cli.terminal.output import emit
from cli.terminal.progress import progress_bar
from cli.terminal.shared_options import taking

if TYPE_CHECKING:
    from app.runs.missed import MissedAnswer


@taking(ScanOptions)
def missed(
    options: ScanOptions,
    top: Annotated[int, typer.Option("--top", min=1, help="How many to show.")] = 10,
    run: RunOption = None,
    day: Annotated[
        str | None,
        typer.Option("--date", help="New York date; all days of the run by default."),
    ] = None,
    horizon: Annotated[
        int, typer.Option("--horizon", min=1, help="Seconds to look ahead, within the session.")
    ] = 1_800,
    runs: RunsPath = DEFAULT_RUNS,
    database: Database = DEFAULT_DATABASE,
) -> None:
    """Show rejected candidates with the largest favourable excursion afterwards.

    Looks at buckets that one gate alone kept from being raised and, given a run, at candidates its
    hub refused; a symbol the run entered within the horizon was not missed, nor one in a halt.
    Prints between a halt and its resume are no move that anybody could have traded. A live run is
    asked on what it has heard itself, also while it goes on; of a whole market that takes minutes.

    Example: tradectl missed --top 20 --horizon 600
    """
    import msgspec

    from app.runs.missed import MissedQuestion, missed_trades

    question = MissedQuestion(
        run=run,
        day=None if day is None else parse_day(day),
        horizon_secs=horizon,
        letters=options.only_letters,
        symbols=options.only_symbols,
        catalog=options.catalog,
        runs=runs,
        params=options.params,
        settings=options.set_params,
        workers=options.workers,
        top=top,
        database=database,
    )
    found, integrity = missed_trades(question, lambda day: progress_bar(f"scan {day}", "trades"))
    emit(
        msgspec.to_builtins(found),
        as_json=options.as_json,
        page=lambda console: _page(console, found),
        integrity=integrity,
    )


def _page(console: Console, found: MissedAnswer) -> None:
    from rich.table import Table

    from app.clock import new_york

    table = Table("symbol", "bucket", box=None, pad_edge=False)
    for heading in ("price", "ac_z", "best %", "after s", "worst %"):
        table.add_column(heading, justify="right")
    table.add_column("stopped by")
    for row in found.missed:
        table.add_row(
            f"{escape(row.symbol)}{'' if row.side > 0 else ' short'}",
            new_york(row.ts_event),
            figure(row.price),
            figure(row.ac_z),
            f"[bold]{row.best_pct:.2f}[/]",
            figure(round(row.best_after_secs)),
            f"{row.worst_before_pct:.2f}",
            escape(f"{row.stopped_by}: {row.detail}"),
        )
    nothing = f"nothing was rejected that moved within {found.horizon_secs} s"
    if found.running:
        console.print(f"{found.run_id} still runs: this is as of now", style="yellow")
    console.print(table if found.missed else nothing)
