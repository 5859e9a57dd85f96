"""Roof: the ``tradectl`` command; each group of commands has a file of its own."""

from __future__ import annotations

import typer

from cli import catalog, database, journal, params, runs
from cli.archive import archive
from cli.backtest import backtest
from cli.doctor import doctor
from cli.missed import missed
from cli.scan import scan
from cli.synth import synth
from cli.why import why

app = typer.Typer(
    name="tradectl",
    help="Backtest, rehearse and trade the whole US tape in five-second buckets.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
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
