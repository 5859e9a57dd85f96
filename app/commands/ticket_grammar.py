"""The part of the command grammar that trades: symbols, amounts, protections."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from app.commands.wishes import Action, TicketWish
from app.commands.words import GrammarError, Word, Words
from engine.domain.symbols import as_typed, is_symbol
from engine.domain.ticket import Amount, Unit

ALL = "all"
"""Everything, in small letters: ``ALL`` is Allstate."""

CURRENCIES = frozenset(
    ("USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "USDT", "USDC", "USDE", "FDUSD", "DAI")
)
"""Quote currencies that an amount can name."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,12})?|\.\d{1,12}", re.ASCII)
_AMOUNT = re.compile(rf"({_NUMBER.pattern})(\D.*)?", re.ASCII)
_DURATION = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s)?", re.ASCII)
_HUNDRED, _THOUSAND = Decimal(100), Decimal(1_000)

A_SYMBOL = "a symbol"
AN_AMOUNT = "an amount, such as 80, 12 sh or 5 %"
_A_DURATION = "a duration, such as 90s, 5m or 1h30m"


def symbol(word: Word, expected: str = A_SYMBOL) -> str:
    """Return a symbol as it was meant; raise ``GrammarError`` for a number, an option or ``all``.

    ``All`` is neither everything nor Allstate: it has to be typed as one of the two.
    """
    text = word.text
    if not is_symbol(text) or _is_amount(text) or (word.lower == ALL and text != ALL.upper()):
        raise GrammarError(word.column, expected)
    return as_typed(text)


def ticket(action: Action, words: Words) -> TicketWish:
    """Return the ticket of what stands after ``buy``, ``sell``, ``short`` or ``close``."""
    name = symbol(words.take(A_SYMBOL))
    amount = None if action is Action.CLOSE else _amount(action, name, words)
    return TicketWish(action=action, symbol=name, amount=amount, **_options(words))


def _is_amount(text: str) -> bool:
    """Say whether a word is a number, alone or with a unit: ``80``, ``80usd``; not ``1INCH``."""
    found = _AMOUNT.fullmatch(text)
    return found is not None and _known_unit(found[2] or "") is not None


def _known_unit(text: str) -> tuple[Unit, str | None] | None:
    """Return what every market understands by a unit; None for a word that is none."""
    match text.lower():
        case "":
            return Unit.QUOTE, None
        case "sh":
            return Unit.BASE, None
        case "%":
            return Unit.PERCENT, None
        case _:
            currency = text.upper()
            return (Unit.QUOTE, currency) if currency in CURRENCIES else None


def _amount(action: Action, name: str, words: Words) -> Amount:
    word = words.take(AN_AMOUNT)
    if word.text == ALL and action is Action.SELL:
        return Amount(None, Unit.ALL)
    found = _AMOUNT.fullmatch(word.text)
    if found is None:
        raise GrammarError(word.column, AN_AMOUNT)
    attached, following = found[2] or "", words.next
    if attached:
        unit = _unit(Word(attached, word.column + len(found[1])), name)
    elif following is not None and not following.text.startswith("-"):
        unit = _unit(words.take("a unit"), name)
    else:
        unit = Unit.QUOTE, None
    value = _positive(Word(found[1], word.column), "an amount above 0")
    if unit[0] is Unit.PERCENT and value > _HUNDRED:
        raise GrammarError(word.column, "at most 100 %")
    return Amount(value, *unit)


def _unit(word: Word, name: str) -> tuple[Unit, str | None]:
    """Return what an amount of a symbol counts; its base, as ``btc`` of BTC/USD, counts coins."""
    text = word.text.upper()
    bases = {name, *re.split(r"[/:_-]", name)[:1]}
    bases |= {name.removesuffix(each) for each in CURRENCIES} - {""}
    if text in bases:
        return Unit.BASE, None
    known = _known_unit(word.text)
    if known is None:
        raise GrammarError(word.column, f"a unit: sh, %, a currency or {name.lower()}")
    return known


def _options(words: Words) -> dict[str, Any]:
    """Return the options of a ticket, each at most once, by the name of its field."""
    given: dict[str, Any] = {}
    for word in words:
        known = OPTIONS.get(word.lower)
        if known is None:
            raise GrammarError(word.column, f"an option: {', '.join(OPTIONS)}")
        field, read = known
        if field in given:
            raise GrammarError(word.column, f"{word.lower} once")
        given[field] = read(words)
    return given


def _positive(word: Word, expected: str) -> Decimal:
    value = Decimal(word.text) if _NUMBER.fullmatch(word.text) else Decimal(0)
    if value <= 0:
        raise GrammarError(word.column, expected)
    return value


def _price(words: Words) -> Decimal:
    expected = "a price above 0"
    return _positive(words.take(expected), expected)


def _below(limit: Decimal) -> Callable[[Words], Decimal]:
    """Return a reader of a percentage above 0 and below a limit."""
    expected = f"a percentage of the entry price, above 0 and below {limit}"

    def read(words: Words) -> Decimal:
        word = words.take(expected)
        value = _positive(word, expected)
        if value >= limit:
            raise GrammarError(word.column, expected)
        return value

    return read


def _duration(words: Words) -> int:
    word = words.take(_A_DURATION)
    found = _DURATION.fullmatch(word.lower)
    hours, minutes, secs = (int(part or 0) for part in (found.groups() if found else ("",) * 3))
    total = hours * 3_600 + minutes * 60 + secs
    if total <= 0:
        raise GrammarError(word.column, _A_DURATION)
    return total


def _venue(words: Words) -> str:
    return _name(words, "a venue").lower()


def _account(words: Words) -> str:
    return _name(words, "an account")


def _name(words: Words, expected: str) -> str:
    word = words.take(expected)
    if not _NAME.fullmatch(word.text):
        raise GrammarError(word.column, expected)
    return word.text


def _flag(words: Words) -> bool:
    del words
    return True


OPTIONS: dict[str, tuple[str, Callable[[Words], Any]]] = {
    "-sl": ("stop_loss_percent", _below(_HUNDRED)),
    "-tp": ("take_profit_percent", _below(_THOUSAND)),
    "-tsl": ("trailing_stop_percent", _below(_HUNDRED)),
    "-l": ("limit", _price),
    "-t": ("hold_secs", _duration),
    "-e": ("venue", _venue),
    "-a": ("account", _account),
    "--dry": ("dry", _flag),
    "--unprotected": ("unprotected", _flag),
}
"""Options of a ticket: the field each sets, and how its value is read."""
