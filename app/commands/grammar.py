"""The one grammar of typed commands: text from any door → a wish, or an error that points.

::

    command = trade | "sell" SYM "all" opts | "close" (SYM opts | TRADE) | control | query
            | set | strategies | confirm | "quit"
    trade   = ("buy" | "sell" | "short") SYM NUMBER [UNIT] opts
    UNIT    = "sh" | "%" | currency | base                a bare number is quote currency
    opts    = { ("-sl" | "-tp" | "-tsl" | "-l") NUMBER | "-t" DURATION | "-e" VENUE
              | "-a" ACCOUNT | "--dry" | "--unprotected" }    each at most once, in any order
    control = "pause" | "resume" | "stop-entries" | "cancel-entries"
            | "flatten" (SYM | "all") | ("lock" | "unlock") SYM
            | ("move-stop" | "move-target") TRADE NUMBER
    query   = ("status" | "positions" | "orders" | "why" | "balance" | "help") [SYM]
    set     = "set" NAME VALUE { NAME VALUE } ["--base" VERSION] "--because" TEXT
    strategies = "switch-strategy" NAME ("on" | "off") | "set-weights" NAME=W { NAME=W }
    confirm = ("yes" | "no") CODE

Verbs, options, units and symbols may be typed in capitals or small letters, but for ``all``, which
is everything, and ``ALL``, which is Allstate. TEXT is all that follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from app.commands.near_commands import near_commands
from app.commands.ticket_grammar import A_SYMBOL, ALL, symbol, ticket
from app.commands.wishes import (
    Action,
    ChangeParameters,
    CloseSymbol,
    Confirm,
    Query,
    Quit,
    Topic,
    Wish,
)
from app.commands.words import GrammarError, Word, Words
from engine.domain import commands

_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_TRADE_ID = re.compile(r"\d{8}-\S+", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)
_PRICE = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_VERSION = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_STRATEGY = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_WEIGHT = re.compile(r"\d{1,9}(\.\d{1,30})?", re.ASCII)
_A_STRATEGY = "a strategy of the run"
_A_WEIGHT = "a strategy and its weight, as reversion=2"
_A_SETTING = "a parameter and its value"
_A_REASON = "--because and a reason"


def parse(text: str) -> Wish:
    """Return what a typed command asks for.

    Raises
    ------
    GrammarError
        It is none; the error has the column, what was expected there and, where there is one, a
        command that is close by and valid.
    """
    try:
        return _parse(text)
    except GrammarError as error:
        near = next(filter(_is_command, near_commands(text, error, list(VERBS))), None)
        raise GrammarError(error.column, error.expected, near) from None


def _parse(text: str) -> Wish:
    words = Words(text)
    verb = words.take("a command; 'help' lists them")
    read = VERBS.get(verb.lower)
    if read is None:
        raise GrammarError(verb.column, "a command; 'help' lists them")
    wish = read(words)
    words.finish()
    return wish


def _is_command(text: str) -> bool:
    try:
        _parse(text)
    except GrammarError:
        return False
    return True


def _plainly(wish: Wish) -> Callable[[Words], Wish]:
    """Return a reader of a command of one word."""

    def read(words: Words) -> Wish:
        del words
        return wish

    return read


def _ticket(action: Action) -> Callable[[Words], Wish]:
    return lambda words: ticket(action, words)


def _flatten(words: Words) -> Wish:
    word = words.take("a symbol or all")
    if word.text == ALL:
        return commands.FlattenAll()
    return commands.FlattenSymbol(symbol(word, "a symbol or all"))


def _close(words: Words) -> Wish:
    word = words.next
    if word is not None and _TRADE_ID.fullmatch(word.text):
        return commands.CloseTrade(words.take(A_SYMBOL).text)
    asked = ticket(Action.CLOSE, words)
    plain = type(asked)(action=Action.CLOSE, symbol=asked.symbol, amount=None)
    return CloseSymbol(asked.symbol) if asked == plain else asked


def _move(make: Callable[[str, Decimal], Wish]) -> Callable[[Words], Wish]:
    """Return a reader of a trade and the price that an order of it is to have."""

    def read(words: Words) -> Wish:
        trade = words.take("the id of a trade")
        if not _TRADE_ID.fullmatch(trade.text):
            raise GrammarError(trade.column, "the id of a trade")
        price = words.take("a price")
        if not _PRICE.fullmatch(price.text):
            raise GrammarError(price.column, "a price")
        return make(trade.text, Decimal(price.text))

    return read


def _lock(words: Words) -> Wish:
    return commands.LockSymbol(symbol(words.take(A_SYMBOL)))


def _unlock(words: Words) -> Wish:
    return commands.UnlockSymbol(symbol(words.take(A_SYMBOL)))


def _set(words: Words) -> Wish:
    values: dict[str, str] = {}
    base: int | None = None
    while (word := words.take(_A_REASON if values else _A_SETTING)).lower != "--because":
        if word.lower == "--base" and base is None:
            base = _version(words.take("a version"))
        elif not _PARAMETER.fullmatch(word.text):
            raise GrammarError(word.column, _A_REASON if values else _A_SETTING)
        elif word.text in values:
            raise GrammarError(word.column, f"{word.text} once")
        else:
            values[word.text] = _value(words)
    if not values:
        raise GrammarError(word.column, _A_SETTING)
    because = words.rest("a reason")
    if base is None:
        return ChangeParameters(values, because)
    return commands.SetParameters(values, because, base)


def _switch(words: Words) -> Wish:
    name = words.take(_A_STRATEGY)
    if not _STRATEGY.fullmatch(name.lower):
        raise GrammarError(name.column, _A_STRATEGY)
    state = words.take("on or off")
    if state.lower not in ("on", "off"):
        raise GrammarError(state.column, "on or off")
    return commands.SwitchStrategy(name.lower, state.lower == "on")


def _weights(words: Words) -> Wish:
    weights: dict[str, float] = {}
    word: Word | None = words.take(_A_WEIGHT)
    while word is not None:
        name, _, weight = word.lower.partition("=")
        if not (_STRATEGY.fullmatch(name) and _WEIGHT.fullmatch(weight)):
            raise GrammarError(word.column, _A_WEIGHT)
        if name in weights:
            raise GrammarError(word.column, f"{name} once")
        weights[name] = float(weight)
        word = words.take(_A_WEIGHT) if words.next is not None else None
    return commands.SetWeights(weights)


def _value(words: Words) -> str:
    word = words.take("a value")
    if word.text.startswith("--"):
        raise GrammarError(word.column, "a value")
    return word.text


def _version(word: Word) -> int:
    if not _VERSION.fullmatch(word.text):
        raise GrammarError(word.column, "a version")
    return int(word.text)


def _query(topic: Topic) -> Callable[[Words], Wish]:
    def read(words: Words) -> Wish:
        if words.next is None:
            return Query(topic)
        if topic is Topic.HELP:
            verb = words.take("a command")
            if verb.lower not in VERBS:
                raise GrammarError(verb.column, "a command")
            return Query(topic, verb.lower)
        return Query(topic, symbol(words.take(A_SYMBOL)))

    return read


def _confirm(*, agreed: bool) -> Callable[[Words], Wish]:
    def read(words: Words) -> Wish:
        word = words.take("the code of a preview")
        if not _CODE.fullmatch(word.text):
            raise GrammarError(word.column, "the code of a preview")
        return Confirm(word.text, agreed)

    return read


VERBS: dict[str, Callable[[Words], Wish]] = {
    **{action.value: _ticket(action) for action in (Action.BUY, Action.SELL, Action.SHORT)},
    "close": _close,
    "pause": _plainly(commands.Pause()),
    "resume": _plainly(commands.Resume()),
    "stop-entries": _plainly(commands.StopEntries()),
    "cancel-entries": _plainly(commands.CancelEntries()),
    "flatten": _flatten,
    "move-stop": _move(commands.MoveTradeStop),
    "move-target": _move(commands.MoveTradeTarget),
    "lock": _lock,
    "unlock": _unlock,
    **{topic.value: _query(topic) for topic in Topic},
    "set": _set,
    "switch-strategy": _switch,
    "set-weights": _weights,
    "yes": _confirm(agreed=True),
    "no": _confirm(agreed=False),
    "quit": _plainly(Quit()),
}
"""First words of commands, in small letters, and how each goes on."""
