"""``tradectl say``: the same commands and questions, as words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from app.clock import new_york
from app.figures import figure
from cli.operate.given_page import CommandOptions, give
from cli.terminal.options import DEFAULT_RUNS, RunsPath
from cli.terminal.output import command, emit
from cli.terminal.shared_options import taking
from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.commands.phrases import Phrase
    from app.commands.questions import Answer
    from app.commands.wishes import Query, Wish


@taking(CommandOptions)
def say(
    asked: CommandOptions,
    text: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEXT]...",
            help="Command or question; without it, each line of standard input.",
        ),
    ] = None,
    runs: RunsPath = DEFAULT_RUNS,
) -> None:
    """Command or ask a live run or session in words; without TEXT, read one a line until quit.

    A command is shown first, given with --yes, and answered as by `tradectl do`. Quote a text that
    has options of its own. `tradectl say help` lists what can be said.

    Example: tradectl say "flatten AAPL" --yes
    """
    if text:
        _hear(" ".join(text), asked, runs)
        return
    if asked.command_id is not None:
        raise ConfigError("--id names one command: give its TEXT, or leave --id out")
    _converse(asked, runs)


def _converse(asked: CommandOptions, runs: Path) -> None:
    """Hear each line until ``quit`` or the end; what fails is told, and the next line heard."""
    from app.commands.grammar import parse
    from app.commands.wishes import Quit
    from app.commands.words import GrammarError

    code = 0
    is_typed = sys.stdin.isatty()
    while True:
        line = _line(is_typed=is_typed)
        if line is None:
            break
        if not line.strip():
            continue
        try:
            if isinstance(parse(line), Quit):
                break
        except GrammarError:
            pass  # told when it is heard
        try:
            _heard(line, asked, runs, as_json=asked.as_json)
        except typer.Exit as ended:
            code = ended.exit_code
    raise typer.Exit(0 if is_typed else code)


def _line(*, is_typed: bool) -> str | None:
    if not is_typed:
        return sys.stdin.readline() or None
    try:
        return input("> ")
    except EOFError:
        return None


def _hear(text: str, asked: CommandOptions, runs: Path) -> None:
    """Do what a text asks for, and print the answer."""
    from app.commands.grammar import parse
    from app.commands.wishes import Confirm, Query, Quit, TicketWish

    wish: Wish = parse(text)
    match wish:
        case Query():
            _answer(wish, asked, runs)
        case TicketWish():
            raise ConfigError(
                f"{wish.action} {wish.symbol} is understood, but orders by text come with the "
                "markets: no market takes them yet, and nothing was sent"
            )
        case Confirm():
            raise ConfigError(
                f"no preview waits for the code {wish.code}: give the command with --yes"
            )
        case Quit():
            emit({"status": "quit"}, as_json=asked.as_json, page=lambda _: None)
        case _:
            give(wish, asked)


@command
def _heard(text: str, asked: CommandOptions, runs: Path, *, as_json: bool) -> None:
    """Hear one line of many, with exit codes and errors as if it were a command of its own."""
    del as_json
    _hear(text, asked, runs)


def _answer(query: Query, asked: CommandOptions, runs: Path) -> None:
    import msgspec

    from app.commands.phrases import phrases
    from app.commands.questions import answered
    from app.commands.wishes import Topic
    from cli.operate.status_page import show_status

    if query.topic is Topic.HELP:
        listed = phrases(query.subject)
        result: dict[str, Any] = {"commands": msgspec.to_builtins(listed)}
        emit(result, as_json=asked.as_json, page=lambda console: _help_page(console, listed))
        return
    if query.topic is Topic.STATUS:
        if query.subject is not None:
            raise ConfigError(f"status is the whole run's; ask: why {query.subject}")
        show_status(asked.database, asked.run, as_json=asked.as_json)
        return
    answer, integrity = answered(query, run=asked.run, database=asked.database, runs=runs)
    emit(
        msgspec.to_builtins(answer),
        as_json=asked.as_json,
        page=lambda console: _page(console, answer),
        integrity=integrity,
    )


def _help_page(console: Console, listed: Sequence[Phrase]) -> None:
    for each in listed:
        console.print(each.form, style="bold", highlight=False, markup=False)
        console.print(f"    {each.meaning}", highlight=False, markup=False)
        console.print(f"    e.g. {each.example}", style="dim", highlight=False, markup=False)


def _page(console: Console, answer: Answer) -> None:
    from app.commands.questions import BalanceAnswer, OrdersAnswer, PositionsAnswer
    from engine.decision.plain_reason import codes_in_words

    def line(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    match answer:
        case PositionsAnswer():
            for held in answer.positions:
                trades = f" ({', '.join(held.trades)})" if held.trades else ""
                line(f"{held.symbol} {held.quantity:,f}, last filled at {held.mark}{trades}")
            for trade in answer.planned:
                line(f"{trade} is being entered")
            if not (answer.positions or answer.planned):
                line("flat")
        case OrdersAnswer():
            _orders_page(console, answer)
        case BalanceAnswer():
            for name in ("cash", "equity", "realized_pnl_today", "commission", "fees"):
                line(f"{name.replace('_', ' '):20} {figure(getattr(answer, name))} USD")
        case _:
            line(f"{answer.symbol}: {codes_in_words(answer.answer)}")


def _orders_page(console: Console, answer: Any) -> None:
    from reports.fitted_table import fitted_rows

    rows = (
        (
            f"{each.role} {each.order_side}".lower(),
            each.symbol,
            each.status,
            f"{each.quantity:,f}",
            f"{each.filled_qty:,f}",
            figure(each.price),
            figure(each.trigger_price),
            new_york(each.ts_submitted),
        )
        for each in answer.orders
    )
    table = fitted_rows(
        ("order", "symbol", "status", "shares", "filled", "limit", "stop", "since"),
        rows,
        numbers=("shares", "filled", "limit", "stop"),
        spare=("since", "filled"),
    )
    console.print(table if answer.orders else "no open order", highlight=False)
