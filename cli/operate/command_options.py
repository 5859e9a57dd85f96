"""The options every command to a running session takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from cli.operate.governor import SessionName
from cli.terminal.options import DEFAULT_DATABASE, AsJson, Database


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOptions:
    """Whom a command is for, who gives it and how long they wait."""

    run: SessionName = "latest"
    database: Database = DEFAULT_DATABASE
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Give the command; without it, only show it.")
    ] = False
    who: Annotated[
        str | None, typer.Option("--who", help="Who gives it; the system's user by default.")
    ] = None
    command_id: Annotated[
        str | None, typer.Option("--id", help="Given again under the same id, it is done once.")
    ] = None
    timeout_secs: Annotated[
        float, typer.Option("--timeout", metavar="SECS", min=0.1, help="How long to wait for it.")
    ] = 30
    as_json: AsJson = False
