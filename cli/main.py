"""Roof: the ``tradectl`` command; each group of commands has a file of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import catalog, database, journal, params, runs
from cli.archive import archive
from cli.backtest import backtest
from cli.doctor import doctor
from cli.json_log import Level, json_log
from cli.missed import missed
from cli.output import command
from cli.redaction import known_secrets
from cli.scan import scan
from cli.synth import synth
from cli.why import why

app = typer.Typer(
    name="tradectl",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
@command
def logged(
    context: typer.Context,
    log_file: Annotated[
        Path | None,
        typer.Option(envvar="TRADECTL_LOG", help="File to log into, a JSON object per line."),
    ] = None,
    log_level: Annotated[
        Level, typer.Option(envvar="TRADECTL_LOG_LEVEL", help="What is worth a line.")
    ] = Level.INFO,
) -> None:
    """Backtest, rehearse and trade the whole US tape in five-second buckets."""
    secrets = known_secrets(os.environ, sys.argv)
    context.with_resource(json_log(log_file, log_level, secrets))


catalog.app.command()(synth)
app.add_typer(catalog.app, name="catalog")
app.command()(scan)
app.command()(backtest)
app.add_typer(runs.app, name="runs")
app.command()(why)
app.command()(missed)
journal.app.command()(archive)
app.add_typer(journal.app, name="journal")
app.add_typer(database.app, name="database")
app.add_typer(params.app, name="params")
app.command()(doctor)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
