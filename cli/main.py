"""The ``tradectl`` command; each group of commands has a file of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version as version_of
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from app.log import Level, json_log
from app.redaction import known_secrets
from cli.backtest.command import backtest
from cli.backtest.rehearse import rehearse
from cli.backtest.scan import scan
from cli.backtest.session import session
from cli.catalog import command as catalog
from cli.catalog.pull import pull
from cli.catalog.synth import synth
from cli.cluster import command as cluster
from cli.doctor.command import doctor
from cli.journal import command as journal
from cli.journal import database
from cli.journal.archive import archive, unarchive
from cli.live.command import live
from cli.live.positions import positions
from cli.live.watch import watch
from cli.market import command as market
from cli.operate import do, governor
from cli.operate.say import say
from cli.params import command as params
from cli.params.change import COMMANDS as CHANGES
from cli.params.preview import preview
from cli.runs import accounting
from cli.runs import command as runs
from cli.runs.diff import diff
from cli.runs.missed import missed
from cli.runs.report import report
from cli.runs.why import why
from cli.sim import broker
from cli.sim import command as sim
from cli.strategy import command as strategy
from cli.terminal.crash_report import report_crash
from cli.terminal.output import command
from cli.web import command as web
from cli.web import users
from engine.domain.exit_codes import ExitCode

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
            status |= {"exit_code": int(ExitCode.CONFIG), "notes": []}
            with suppress(OSError):
                sys.stdout.write(json.dumps(status) + "\n")
                sys.stdout.flush()
        raise


app = typer.Typer(
    cls=_Commands,
    name="tradectl",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(
            f"tradectl {version_of('tradectl')}, nautilus_trader {version_of('nautilus_trader')}"
        )
        raise typer.Exit


@app.callback()
@command
def logged(
    context: typer.Context,
    log_file: Annotated[
        Path | None,
        typer.Option(envvar="TRADECTL_LOG", help="File to log into, a JSON object per line."),
    ] = None,
    log_level: Annotated[
        Level,
        typer.Option(
            envvar="TRADECTL_LOG_LEVEL",
            metavar="LEVEL",
            help=f"Minimum log level: {', '.join(Level)}.",
        ),
    ] = Level.INFO,
    version: Annotated[  # noqa: ARG001  (typer's callback has answered it by then)
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show versions."),
    ] = False,
) -> None:
    """Backtest, rehearse and trade the whole US tape in five-second buckets."""
    secrets = known_secrets(os.environ, sys.argv)
    context.with_resource(json_log(log_file, log_level, secrets))


catalog.app.command()(synth)
catalog.app.command()(pull)
app.add_typer(catalog.app, name="catalog")
app.command()(scan)
app.command()(backtest)
app.command()(session)
app.command()(live)
app.add_typer(cluster.app, name="cluster")
app.command()(rehearse)
app.command()(preview)
app.command()(watch)
app.command()(positions)
app.command()(diff)
app.add_typer(market.app, name="market")
app.add_typer(strategy.app, name="strategy")
app.add_typer(do.app, name="do")
app.command()(say)
app.add_typer(governor.app, name="governor")
app.add_typer(runs.app, name="runs")
app.command()(report)
app.command()(why)
app.command()(missed)
app.add_typer(accounting.app, name="accounting")
journal.app.command()(archive)
journal.app.command()(unarchive)
app.add_typer(journal.app, name="journal")
app.add_typer(database.app, name="database")
for name, change in CHANGES.items():
    params.app.command(name)(change)
app.add_typer(params.app, name="params")
for by_hand in (broker.account, broker.asset, broker.halt):
    sim.app.command()(by_hand)
app.add_typer(sim.app, name="sim")
web.app.add_typer(users.app, name="users")
app.add_typer(web.app, name="web")
app.command()(doctor)


def main() -> None:
    """Run the command line; no traceback reaches whoever started it."""
    _prepare()
    try:
        app()
    except KeyboardInterrupt:  # outside of any command
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:  # noqa: BLE001  (the last resort)
        sys.exit(report_crash(error))


def _prepare() -> None:
    """Have outputs that take any text, also where they are closed, and end by signals in order."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        if isinstance(stream := getattr(sys, name), TextIOWrapper):
            stream.reconfigure(errors="replace")  # a C locale has no box to draw with
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
