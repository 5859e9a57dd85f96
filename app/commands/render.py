"""A wish → the text that the grammar reads as that wish."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from app.commands.ticket_grammar import ALL, OPTIONS
from app.commands.wishes import (
    ChangeParameters,
    CloseSymbol,
    Confirm,
    Query,
    Quit,
    TicketWish,
    Wish,
)
from engine.domain import commands
from engine.domain.ticket import Amount, Unit

_WORDS = {
    commands.Pause: "pause",
    commands.Resume: "resume",
    commands.StopEntries: "stop-entries",
    commands.CancelEntries: "cancel-entries",
    commands.FlattenAll: f"flatten {ALL}",
    Quit: "quit",
}

_VERBS: dict[type[Wish], str] = {
    commands.CloseTrade: "close",
    CloseSymbol: "close",
    commands.FlattenSymbol: "flatten",
    commands.LockSymbol: "lock",
    commands.UnlockSymbol: "unlock",
}


def render(wish: Wish) -> str:  # noqa: PLR0911  (one way out for each kind of wish)
    """Return a wish as it is typed: ``parse(render(wish)) == wish``.

    Values of parameters are words, as they came from the command line or a text.
    """
    match wish:
        case TicketWish():
            return " ".join(_ticket(wish))
        case (
            commands.CloseTrade(subject)
            | CloseSymbol(subject)
            | commands.FlattenSymbol(subject)
            | commands.LockSymbol(subject)
            | commands.UnlockSymbol(subject)
        ):
            return f"{_VERBS[type(wish)]} {subject}"
        case commands.MoveTradeStop(trade_id=trade_id, price=price):
            return f"move-stop {trade_id} {price:f}"
        case commands.MoveTradeTarget(trade_id=trade_id, price=price):
            return f"move-target {trade_id} {price:f}"
        case commands.SetParameters(values=values, because=because, base=base):
            return f"set {_settings(values)} --base {base} --because {because}"
        case ChangeParameters(values=values, because=because):
            return f"set {_settings(values)} --because {because}"
        case commands.SwitchStrategy(strategy_id=name, is_on=is_on):
            return f"switch-strategy {name} {'on' if is_on else 'off'}"
        case commands.SetWeights(weights=weights):
            told = (f"{name}={Decimal(repr(weight)):f}" for name, weight in weights.items())
            return f"set-weights {' '.join(told)}"
        case Query(topic=topic, subject=subject):
            return topic if subject is None else f"{topic} {subject}"
        case Confirm(code=code, agreed=agreed):
            return f"{'yes' if agreed else 'no'} {code}"
        case _:
            return _WORDS[type(wish)]


def _settings(values: dict[str, object]) -> str:
    return " ".join(f"{name} {value}" for name, value in values.items())


def _ticket(ticket: TicketWish) -> Iterator[str]:
    yield ticket.action
    yield ticket.symbol
    if ticket.amount is not None:
        yield _amount(ticket.amount)
    for option, (field, _) in OPTIONS.items():
        value = getattr(ticket, field)
        if value is True:
            yield option
        elif value:
            yield f"{option} {_shown(field, value)}"


def _amount(amount: Amount) -> str:
    if amount.value is None:
        return ALL
    unit = {Unit.BASE: "sh", Unit.PERCENT: "%"}.get(amount.unit, amount.currency)
    return f"{amount.value:f}" if unit is None else f"{amount.value:f} {unit}"


def _shown(field: str, value: object) -> str:
    match value:
        case Decimal():
            return f"{value:f}"
        case _:
            return f"{value}s" if field == "hold_secs" else str(value)
