"""Roof: ``tradectl do``: commands to a running session, shown before they are given."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from cli.governor import SessionName
from cli.options import DEFAULT_DATABASE, AsJson, Database
from cli.output import command
from engine.domain import commands
from engine.domain.commands import AnyCommand
from engine.domain.errors import ConfigError

app = typer.Typer(
    help="Command a running session: shown first, given with --yes, done once per --id.",
    no_args_is_help=True,
)

EVERYTHING = "all"

Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="In capitals.")]


def _errand(
    run: SessionName = "latest",
    database: Database = DEFAULT_DATABASE,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Give the command; without it, only show it.")
    ] = False,
    who: Annotated[
        str | None, typer.Option("--who", help="Who gives it; the system's user by default.")
    ] = None,
    command_id: Annotated[
        str | None, typer.Option("--id", help="Given again under the same id, it is done once.")
    ] = None,
    timeout_secs: Annotated[
        float, typer.Option("--timeout", metavar="SECS", min=0.1, help="How long to wait for it.")
    ] = 30,
    as_json: AsJson = False,
) -> dict[str, Any]:
    """Return the options that every command has."""
    return locals()


def _giving(make: Callable[..., AnyCommand]) -> Callable[..., AnyCommand]:
    """Make a command line of a function: its arguments, then ``_errand``'s options."""
    own = inspect.signature(make, eval_str=True).parameters
    common = inspect.signature(_errand, eval_str=True).parameters

    @command
    def run(**given: Any) -> None:
        from cli.give_command import Errand, give

        taken: Any = {name: given.pop(name) for name in own}
        give(make(**taken), Errand(**given))

    options = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in common.values()]
    arguments = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own.values()]
    # typer reads a command line off a function's signature and annotations
    run.__signature__ = inspect.Signature([*arguments, *options])  # pyright: ignore[reportFunctionMemberAccess]
    run.__annotations__ = {each.name: each.annotation for each in (*arguments, *options)}
    run.__name__, run.__doc__ = make.__name__, make.__doc__
    app.command(make.__name__.strip("_").replace("_", "-"))(run)
    return make


@_giving
def pause() -> AnyCommand:
    """Enter nothing until resumed; what is open stays managed."""
    return commands.Pause()


@_giving
def resume() -> AnyCommand:
    """Let entries in again after pause, stop-entries or flatten all."""
    return commands.Resume()


@_giving
def stop_entries() -> AnyCommand:
    """Enter nothing for the rest of the day."""
    return commands.StopEntries()


@_giving
def cancel_entries() -> AnyCommand:
    """Cancel every entry that has not been filled."""
    return commands.CancelEntries()


@_giving
def flatten(
    what: Annotated[
        str, typer.Argument(metavar="SYMBOL|all", help="A symbol in capitals, or 'all'.")
    ],
) -> AnyCommand:
    """Cancel what works and close what is held, until verified; 'all' stops entries, too."""
    return commands.FlattenAll() if what == EVERYTHING else commands.FlattenSymbol(_symbol(what))


@_giving
def close(
    trade: Annotated[str, typer.Argument(metavar="TRADE", help="Id of an open trade.")],
) -> AnyCommand:
    """Close one trade."""
    return commands.CloseTrade(trade)


@_giving
def lock(symbol: Symbol) -> AnyCommand:
    """Keep a symbol from being entered until it is unlocked."""
    return commands.LockSymbol(_symbol(symbol))


@_giving
def unlock(symbol: Symbol) -> AnyCommand:
    """Let a symbol be entered again."""
    return commands.UnlockSymbol(_symbol(symbol))


@_giving
def set_(
    settings: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE…", help="New values, all of them or none.")
    ],
    because: Annotated[str, typer.Option("--because", help="Why; it is kept with the change.")],
    base: Annotated[
        int, typer.Option("--base", min=1, help="Newest version that was looked at.")
    ] = 1,
) -> AnyCommand:
    """Change parameters from the next bucket on, unless somebody did since --base."""
    pairs = [text.partition("=") for text in settings]
    for (key, equals, _), text in zip(pairs, settings, strict=True):
        if not key or not equals:
            raise ConfigError(f"expected KEY=VALUE, found {text!r}")
    return commands.SetParameters({key: value for key, _, value in pairs}, because, base)


def _symbol(text: str) -> str:
    """Return a symbol as the tape spells it; 'all' in small letters means everything."""
    if text != text.upper() or not text:
        raise ConfigError(f"expected a symbol in capitals, found {text!r}: ALL is one, too")
    return text
