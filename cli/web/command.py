"""``tradectl web``: serve API and cockpit, and invite who may use them."""

from __future__ import annotations

import getpass
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.own_process import own_process
from app.redaction import without_broker_keys
from app.runs.kept_runs import DEFAULT_DATABASE
from cli.terminal.options import (
    DEFAULT_CATALOG,
    DEFAULT_RUNS,
    AsJson,
    CatalogPath,
    Database,
    RunsPath,
)
from cli.terminal.output import INTERRUPTED, command, emit, say
from engine.domain.facts import Role

if TYPE_CHECKING:
    from rich.console import Console

    from app.access.users import Invited
    from web.serve import GatewayReady

_PORT = 8770

app = typer.Typer(help="Serve the API and the cockpit, and say who may use them.")

Origin = Annotated[
    str | None,
    typer.Option(
        "--origin",
        metavar="URL",
        envvar="TRADECTL_WEB_ORIGIN",
        help="Address that browsers show, as https://trade.example; http://localhost:PORT without.",
    ),
]


@app.callback(invoke_without_command=True)
@command
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="0 takes a free one.")
    ] = _PORT,
    origin: Origin = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="PEM file of a certificate, for TLS.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="PEM file of its key.")] = None,
    behind_proxy: Annotated[
        bool,
        typer.Option("--behind-proxy", help="A proxy ends TLS and says who asks."),
    ] = False,
    database: Database = DEFAULT_DATABASE,
    runs: RunsPath = DEFAULT_RUNS,
    catalog: CatalogPath = DEFAULT_CATALOG,
    as_json: AsJson = False,
) -> None:
    """Serve the API and the cockpit, and say who may use them.

    The first time it prints a link with which you register a passkey as administrator, good for 15
    minutes; after that 'tradectl web invite'. Keys of a broker are not taken along: the gateway
    talks to runs through the database alone. It serves until Ctrl-C or SIGTERM, exit code 130.

    Example: tradectl web --port 8770
    """
    if context.invoked_subcommand is not None:
        return
    clean = without_broker_keys(os.environ)
    if len(clean) < len(os.environ):
        _start_again(clean)
    import msgspec

    from web.serve import GatewayRequest, serve_gateway

    request = GatewayRequest(
        host=host,
        port=port,
        database=database,
        runs=runs,
        catalog=catalog,
        origin=origin,
        certificate=certificate,
        key=key,
        is_behind_proxy=behind_proxy,
    )

    def ready(found: GatewayReady) -> None:
        emit(
            msgspec.to_builtins(found),
            as_json=as_json,
            page=lambda console: _ready_page(console, found),
        )

    with suppress(KeyboardInterrupt):  # there is none where a shell has its children ignore Ctrl-C
        serve_gateway(request, ready)
    say("the gateway has ended")
    raise typer.Exit(INTERRUPTED)


@app.command()
@command
def invite(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the user is called.")],
    role: Annotated[
        Role,
        typer.Option("--role", metavar="ROLE", help="viewer, trader, operator or admin."),
    ] = Role.VIEWER,
    add_passkey: Annotated[
        bool,
        typer.Option("--add-passkey", help="One more passkey for a user who has lost all of them."),
    ] = False,
    origin: Origin = None,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65_535, help="Of the gateway, without --origin.")
    ] = _PORT,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Make a link with which one person registers a passkey, once, within 15 minutes.

    Example: tradectl web invite ann --role operator
    """
    import msgspec

    from app.access.journal import AccessJournal
    from app.access.users import Invited
    from app.access.users import invite as invited
    from engine.domain.errors import ConfigError

    made = invited(
        AccessJournal(database), name, role, by=getpass.getuser(), is_for_user=add_passkey
    )
    if not isinstance(made, Invited):
        raise ConfigError(made.detail)
    link = made.link(origin or f"http://localhost:{port}")
    told = {name: value for name, value in msgspec.to_builtins(made).items() if name != "token"}
    emit(
        told | {"invitation": link},
        as_json=as_json,
        page=lambda console: _invitation_page(console, made, link),
    )


def _start_again(environment: dict[str, str]) -> None:
    """Become the same command without the keys: also who reads its memory map finds none."""
    import sys

    argv = own_process("from cli.main import main; main()", *sys.argv[1:])
    os.execve(argv[0], argv, environment)  # noqa: S606  (our own command, as it was typed)


def _ready_page(console: Console, found: GatewayReady) -> None:
    from rich.markup import escape

    console.print(f"[bold]tradectl[/] at {escape(found.url)}", soft_wrap=True)
    if found.invitation is not None:
        console.print(
            f"nobody is registered yet; within 15 minutes open\n{escape(found.invitation)}",
            soft_wrap=True,
            highlight=False,
        )
    if found.token_file is not None:
        console.print(f"token for programs: {escape(found.token_file)}", soft_wrap=True)


def _invitation_page(console: Console, made: Invited, link: str) -> None:
    from rich.markup import escape

    console.print(
        f"{escape(made.username)} ({made.role.value}): within 15 minutes, once, open\n"
        f"{escape(link)}",
        soft_wrap=True,
        highlight=False,
    )
