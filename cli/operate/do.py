"""``tradectl do``: commands to a live run or session, shown before they are given."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import typer

from app.commands.wishes import ChangeParameters
from app.parameters.file import changed_values
from cli.operate.given_page import CommandOptions, give
from cli.terminal.options import Base
from cli.terminal.shared_options import taking
from engine.domain import commands
from engine.domain.errors import ConfigError
from engine.domain.outside_text import exact
from engine.domain.symbols import expect_symbol

app = typer.Typer(
    help="Command a live run or a session: shown first, given with --yes, done once per --id.",
    no_args_is_help=True,
)

EVERYTHING = "all"


class Switch(StrEnum):
    """What a strategy can be."""

    ON = "on"
    OFF = "off"


Trade = Annotated[
    str,
    typer.Argument(metavar="TRADE", help="Id of an open trade; `tradectl say positions` has them."),
]
Price = Annotated[str, typer.Argument(metavar="PRICE", help="USD, a price that the stock has.")]
Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="Symbol, in capitals.")]


@app.command()
@taking(CommandOptions)
def pause(asked: CommandOptions) -> None:
    """Enter nothing until resumed; what is open stays managed.

    Example: tradectl do pause --yes
    """
    give(commands.Pause(), asked)


@app.command()
@taking(CommandOptions)
def resume(asked: CommandOptions) -> None:
    """Allow entries again after pause, stop-entries or flatten all.

    Example: tradectl do resume --yes
    """
    give(commands.Resume(), asked)


@app.command()
@taking(CommandOptions)
def stop_entries(asked: CommandOptions) -> None:
    """Enter nothing for the rest of the day.

    Example: tradectl do stop-entries --yes
    """
    give(commands.StopEntries(), asked)


@app.command()
@taking(CommandOptions)
def cancel_entries(asked: CommandOptions) -> None:
    """Cancel every entry that has not been filled.

    Example: tradectl do cancel-entries --yes
    """
    give(commands.CancelEntries(), asked)


@app.command()
@taking(CommandOptions)
def flatten(
    asked: CommandOptions,
    what: Annotated[
        str, typer.Argument(metavar="SYMBOL|all", help="A symbol in capitals, or 'all'.")
    ],
) -> None:
    """Cancel orders and close the position until verified flat; 'all': everything, and no entries.

    Example: tradectl do flatten AAPL --yes
    """
    every = what == EVERYTHING
    give(commands.FlattenAll() if every else commands.FlattenSymbol(_symbol(what)), asked)


@app.command()
@taking(CommandOptions)
def close(asked: CommandOptions, trade: Trade) -> None:
    """Close one trade.

    Example: tradectl do close 20260918-AAPL-103005 --yes
    """
    give(commands.CloseTrade(trade), asked)


@app.command()
@taking(CommandOptions)
def move_stop(asked: CommandOptions, trade: Trade, price: Price) -> None:
    """Move the stop of an open trade towards the market; done once the venue has confirmed it.

    Example: tradectl do move-stop 20260918-AAPL-103005 14.82 --yes
    """
    give(commands.MoveTradeStop(trade, _price(price)), asked)


@app.command()
@taking(CommandOptions)
def move_target(asked: CommandOptions, trade: Trade, price: Price) -> None:
    """Move the target of an open trade towards the entry; done once the venue has confirmed it.

    Example: tradectl do move-target 20260918-AAPL-103005 15.10 --yes
    """
    give(commands.MoveTradeTarget(trade, _price(price)), asked)


@app.command()
@taking(CommandOptions)
def lock(asked: CommandOptions, symbol: Symbol) -> None:
    """Keep a symbol from being entered until it is unlocked.

    Example: tradectl do lock AAPL --yes
    """
    give(commands.LockSymbol(_symbol(symbol)), asked)


@app.command()
@taking(CommandOptions)
def unlock(asked: CommandOptions, symbol: Symbol) -> None:
    """Let a symbol be entered again.

    Example: tradectl do unlock AAPL --yes
    """
    give(commands.UnlockSymbol(_symbol(symbol)), asked)


@app.command("set")
@taking(CommandOptions)
def set_values(
    asked: CommandOptions,
    settings: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE…", help="New values, all of them or none.")
    ],
    because: Annotated[str, typer.Option("--because", help="Why; it is kept with the change.")],
    base: Base = None,
) -> None:
    """Change parameters of this run alone, from the next bucket on.

    `tradectl say status` shows the run's version of the parameters: 1 at the start, one more after
    each change. With --base 3 the change is refused if somebody has made version 4 meanwhile.

    Example: tradectl do set max_trades_per_day=3 --because calm --yes
    """
    values = changed_values(settings)
    if base is None:
        give(ChangeParameters(values, because), asked)
    else:
        give(commands.SetParameters(values, because, base), asked)


@app.command()
@taking(CommandOptions)
def switch_strategy(
    asked: CommandOptions,
    strategy: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="A strategy of the run; `tradectl governor status` has them."
        ),
    ],
    state: Annotated[Switch, typer.Argument(metavar="on|off", help="What it is to be.")],
) -> None:
    """Switch a strategy of the run on or off from the next bucket on.

    One that is off enters nothing; its open trades stay managed. One that went wrong stays off.

    Example: tradectl do switch-strategy reversion off --yes
    """
    give(commands.SwitchStrategy(strategy, state is Switch.ON), asked)


@app.command()
@taking(CommandOptions)
def set_weights(
    asked: CommandOptions,
    weights: Annotated[
        list[str],
        typer.Argument(metavar="NAME=W…", help="Weights; strategies not named weigh 1."),
    ],
) -> None:
    """Weigh the strategies of the run anew from the next bucket on; only the ratios count.

    Example: tradectl do set-weights reversion=2 opening_range=0.5 --yes
    """
    from app.strategies.weights import weights_of

    give(commands.SetWeights(weights_of(weights)), asked)


def _symbol(text: str) -> str:
    """Return a symbol as the tape spells it; 'all' in small letters means everything."""
    if text == text.lower() != text.upper() or not text:
        raise ConfigError(f"expected a symbol in capitals, found {text!r}: ALL is one, too")
    return expect_symbol(text, "symbol")


def _price(text: str) -> Decimal:
    try:
        return exact(text)
    except ValueError as error:
        raise ConfigError(f"PRICE {text!r} is no price in USD: {error}") from error
