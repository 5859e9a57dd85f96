"""Roof: the ``tradectl`` command; each group of commands has a file of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import typer
from typer.core import TyperGroup

from cli import accounting, catalog, database, do, governor, journal, params, runs
from cli.backtest import backtest
from cli.missed import missed
from cli.scan import scan
from cli.session import session
from cli.synth import synth
from cli.why import why

_UsageError: Any = typer.BadParameter.__base__


class _Commands(TyperGroup):
    """The command line; with ``--json`` one that cannot be read is a JSON object on stdout, too."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        with _usage_in_json():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        with _usage_in_json():
            return super().invoke(ctx)


@contextmanager
def _usage_in_json() -> Iterator[None]:
    try:
        yield
    except _UsageError as error:
        if "--json" in sys.argv:
            message = error.format_message()
            status = {"status": "error", "error": "ConfigError", "message": message}
            with suppress(OSError):
                sys.stdout.write(json.dumps(status) + "\n")
                sys.stdout.flush()
        raise


app = typer.Typer(
    cls=_Commands,
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
app.command()(session)
app.add_typer(do.app, name="do")
app.add_typer(governor.app, name="governor")
app.add_typer(runs.app, name="runs")
app.command()(why)
app.command()(missed)
app.add_typer(accounting.app, name="accounting")
app.add_typer(journal.app, name="journal")
app.add_typer(database.app, name="database")
app.add_typer(params.app, name="params")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
