"""``tradectl sim account|asset|halt``: what a broker or an exchange does, done by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from app.simulator.steering import DEFAULT_URL, ask, switches
from cli.sim.answer_page import SimUrl, show
from cli.terminal.options import AsJson
from cli.terminal.output import command

Symbol = Annotated[str, typer.Argument(metavar="SYMBOL")]


@command
def account(
    field: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="Fields to change; none to look."),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="Whose account; not needed where there is one.")
    ] = None,
    url: SimUrl = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Block an account, move its cash: what a broker does to it while it trades.

    Fields: status, trading_blocked, account_blocked, trade_suspended_by_user, cash,
    daytrade_count. While one of them forbids it no order is taken or replaced, not even one that
    closes a position; orders that rest stay, work and can be canceled.

    Example: tradectl sim account trading_blocked=true
    """
    named = {} if key is None else {"key": key}
    show(ask(url, "/sim/account", switches(field or []) | named), as_json=as_json)


@command
def asset(
    symbol: Symbol,
    field: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="Fields to change; none to look."),
    ] = None,
    url: SimUrl = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Delist a stock or close it to trading: status=inactive, tradable=false.

    A stock that is renamed is inactive under its old name. Its prints and quotes go on as
    recorded.

    Example: tradectl sim asset AAPL tradable=false
    """
    show(ask(url, "/sim/asset", switches(field or []) | {"symbol": symbol}), as_json=as_json)


@command
def halt(
    symbol: Symbol,
    over: Annotated[bool, typer.Option("--over", help="Let it trade again.")] = False,
    url: SimUrl = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Halt a stock, or let it trade again; subscribers of `statuses` are sent it.

    Nothing fills in it meanwhile. Its prints and quotes go on as recorded: mute them with
    `tradectl sim chaos mute_symbols=SYMBOL`.

    Example: tradectl sim halt AAPL
    """
    show(ask(url, "/sim/halt", {"symbol": symbol, "halted": not over}), as_json=as_json)
