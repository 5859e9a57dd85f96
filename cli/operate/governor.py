"""``tradectl governor``: what the day allows, and how much of its limits is used."""

from __future__ import annotations

import typer

from cli.terminal.options import DEFAULT_DATABASE, AsJson, Database, SessionName
from cli.terminal.output import command

app = typer.Typer(help="See what the day governor allows.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``status`` a command of its own."""


@app.command()
@command
def status(
    run: SessionName = "latest",
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Show phase, limits and their use, locks, cool-downs, windows and the flatten ladder.

    Phases: warmup (too early to enter), entries allowed, in trade, cooldown (a symbol was just
    traded), done target or done loss (a limit of the day was reached), flattening (all is
    closed for the day), paused by hand, stopped by hand for the day, no entries while an issue
    lasts; --json calls entries allowed `hunting` and the last three
    `halted`.

    Example: tradectl governor status --run session-2026-09-18
    """
    from cli.operate.status_page import show_status

    show_status(database, run, as_json=as_json)
