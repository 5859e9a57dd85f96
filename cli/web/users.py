"""``tradectl web users``: who may use the gateway, from this machine."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.runs.kept_runs import DEFAULT_DATABASE
from cli.terminal.options import AsJson, Because, Database
from cli.terminal.output import command, emit
from engine.domain.errors import ConfigError
from engine.domain.facts import Role

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="List users of the gateway, and change what they may do.", no_args_is_help=True
)

UserName = Annotated[str, typer.Argument(metavar="NAME", help="What the user is called.")]


@app.command(name="list")
@command
def list_users(database: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """List users, their roles, passkeys and how many sign-ins hold.

    Example: tradectl web users list
    """
    import time

    from app.access.journal import AccessJournal
    from app.access.users import shown_users

    rows = shown_users(AccessJournal(database).book(), time.time_ns())
    emit({"users": rows}, as_json=as_json, page=lambda console: _page(console, rows))


@app.command()
@command
def role(
    name: UserName,
    new: Annotated[str, typer.Argument(metavar="ROLE", help="viewer, trader, operator or admin.")],
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Give a user another role; it holds at once, also where the user is signed in.

    Example: tradectl web users role ann operator
    """
    from app.access.journal import AccessJournal
    from app.access.users import refused, set_role

    if new not in set(Role):
        raise ConfigError(f"there is no role {new!r}; there are: {', '.join(Role)}")
    refused(set_role(AccessJournal(database), name, Role(new), by=getpass.getuser()))
    _said(name, {"role": new}, f"is {new}", as_json=as_json)


@app.command()
@command
def suspend(
    name: UserName,
    because: Because,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Let a user do nothing more; sign-ins that hold end at once.

    Example: tradectl web users suspend ann --because "left the desk"
    """
    from app.access.journal import AccessJournal
    from app.access.users import refused
    from app.access.users import suspend as suspended

    refused(suspended(AccessJournal(database), name, by=getpass.getuser(), because=because))
    _said(name, {"is_suspended": True}, "is suspended", as_json=as_json)


@app.command()
@command
def restore(
    name: UserName,
    because: Because,
    database: Database = DEFAULT_DATABASE,
    as_json: AsJson = False,
) -> None:
    """Let a suspended user sign in again.

    Example: tradectl web users restore ann --because "back at the desk"
    """
    from app.access.journal import AccessJournal
    from app.access.users import refused
    from app.access.users import restore as restored

    refused(restored(AccessJournal(database), name, by=getpass.getuser(), because=because))
    _said(name, {"is_suspended": False}, "may sign in again", as_json=as_json)


def _said(name: str, told: dict[str, Any], words: str, *, as_json: bool) -> None:
    from rich.markup import escape

    emit(
        {"username": name} | told,
        as_json=as_json,
        page=lambda console: console.print(f"{escape(name)} {words}", highlight=False),
    )


def _page(console: Console, rows: list[dict[str, Any]]) -> None:
    from reports.fitted_table import fitted_rows

    headings = ("user", "role", "passkeys", "signed in", "codes left", "state")
    lines = (
        (
            row["username"],
            row["role"],
            str(sum(not each["is_suspended"] for each in row["passkeys"])),
            str(row["sessions"]),
            str(row["recovery_codes_left"]),
            "suspended" if row["is_suspended"] else "active",
        )
        for row in rows
    )
    console.print(fitted_rows(headings, lines), highlight=False)
