"""The grammar of typed commands: what it reads, what it says of what it cannot read."""

from __future__ import annotations

import string
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.commands.grammar import VERBS, parse
from app.commands.phrases import PHRASES, phrases
from app.commands.render import render
from app.commands.ticket_grammar import CURRENCIES, OPTIONS
from app.commands.wishes import (
    Action,
    ChangeParameters,
    CloseSymbol,
    Confirm,
    Query,
    Quit,
    TicketWish,
    Topic,
    Wish,
)
from app.commands.words import MOST_CHARACTERS, GrammarError
from engine.domain import commands
from engine.domain.ticket import Amount, Unit

BTC_80 = Amount(Decimal(80), Unit.QUOTE)


def _ticket(action: Action = Action.BUY, symbol: str = "BTC", **given: object) -> TicketWish:
    return TicketWish(**{"action": action, "symbol": symbol, "amount": BTC_80} | given)  # pyright: ignore[reportArgumentType]


READ: dict[str, Wish] = {
    "buy btc 80 -tsl 2.8 -e bybit": _ticket(trailing_stop_percent=Decimal("2.8"), venue="bybit"),
    "BUY Btc 80usdt -SL 1 -tp 2.5 -l 61000.5 -t 1h30m -a Main --dry --unprotected": _ticket(
        amount=Amount(Decimal(80), Unit.QUOTE, "USDT"),
        stop_loss_percent=Decimal(1),
        take_profit_percent=Decimal("2.5"),
        limit=Decimal("61000.5"),
        hold_secs=5_400,
        account="Main",
        dry=True,
        unprotected=True,
    ),
    "buy btcusdt 0.01 btc": _ticket(symbol="BTCUSDT", amount=Amount(Decimal("0.01"), Unit.BASE)),
    "short TSLA 12 sh": _ticket(Action.SHORT, "TSLA", amount=Amount(Decimal(12), Unit.BASE)),
    "sell AAPL 50%": _ticket(Action.SELL, "AAPL", amount=Amount(Decimal(50), Unit.PERCENT)),
    "sell btc all": _ticket(Action.SELL, amount=Amount(None, Unit.ALL)),
    "close btc -e kraken": _ticket(Action.CLOSE, amount=None, venue="kraken"),
    "close aapl": CloseSymbol("AAPL"),
    "close 20260918-AAPL-103005": commands.CloseTrade("20260918-AAPL-103005"),
    "move-stop 20260918-AAPL-103005 14.82": commands.MoveTradeStop(
        "20260918-AAPL-103005", Decimal("14.82")
    ),
    "flatten all": commands.FlattenAll(),
    "flatten ALL": commands.FlattenSymbol("ALL"),
    "  Pause ": commands.Pause(),
    "lock brk.b": commands.LockSymbol("BRK.B"),
    "set max_trades_per_day 3 --because calm, after  the news": ChangeParameters(
        {"max_trades_per_day": "3"}, "calm, after  the news"
    ),
    "set a 1 b off --base 4 --because --base 5": commands.SetParameters(
        {"a": "1", "b": "off"}, "--base 5", 4
    ),
    "switch-strategy Reversion OFF": commands.SwitchStrategy("reversion", is_on=False),
    "set-weights reversion=2 acceleration=0.25": commands.SetWeights(
        {"reversion": 2.0, "acceleration": 0.25}
    ),
    "why aapl": Query(Topic.WHY, "AAPL"),
    "help Flatten": Query(Topic.HELP, "flatten"),
    "no K7Q2": Confirm("K7Q2", agreed=False),
    "quit": Quit(),
}

REFUSED = {
    "": (1, "a command; 'help' lists them", None),
    "switch-strategy reversion": (26, "on or off", None),
    "switch-strategy reversion of": (27, "on or off", None),
    "set-weights": (12, "a strategy and its weight, as reversion=2", None),
    "set-weights reversion=-1": (13, "a strategy and its weight, as reversion=2", None),
    "set-weights reversion=1 reversion=2": (25, "reversion once", None),
    "buy 80 btc": (5, "a symbol", "buy btc 80"),
    "buy": (4, "a symbol", None),
    "buy btc": (8, "an amount, such as 80, 12 sh or 5 %", None),
    "buy btc 0": (9, "an amount above 0", None),
    "buy btc 80 -tsl 2.8 -tsl 3": (21, "-tsl once", None),
    "buy btc 80 -tsk 2.8": (
        12,
        f"an option: {', '.join(OPTIONS)}",
        "buy btc 80 -tsl 2.8",
    ),
    "buy btc 80 eth": (12, "a unit: sh, %, a currency or btc", None),
    "buy btc 101 %": (9, "at most 100 %", None),
    "buy btc 80 -sl 59000": (
        16,
        "a percentage of the entry price, above 0 and below 100",
        None,
    ),
    "buy btc 80 -l NaN": (15, "a price above 0", None),
    "buy btc 80 -l ٣": (15, "a price above 0", None),
    "buy btc 80 -l -1": (15, "a price above 0", None),
    "buy btc 1e9": (10, "a unit: sh, %, a currency or btc", None),
    "buy btc 80 -t 90": (15, "a duration, such as 90s, 5m or 1h30m", None),
    "buy btc all": (9, "an amount, such as 80, 12 sh or 5 %", None),
    "flatten All": (9, "a symbol or all", "flatten all"),
    "lock all": (6, "a symbol", "pause"),
    "close all": (7, "a symbol", "flatten all"),
    "stop entries": (1, "a command; 'help' lists them", "stop-entries"),
    "puase": (1, "a command; 'help' lists them", "pause"),
    "pause now": (7, "the end of the command", None),
    "set a=3 --because x": (5, "a parameter and its value", "set a 3 --because x"),
    "set a 3": (8, "--because and a reason", None),
    "set a 3 --because ": (18, "a reason", None),
    "set a 3 a 4 --because x": (9, "a once", None),
    "set a 3 --base 0 --because x": (16, "a version", None),
}


@pytest.mark.parametrize("text", READ)
def test_what_is_typed_is_read(text: str) -> None:
    assert parse(text) == READ[text]


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_read_is_pointed_at(text: str) -> None:
    with pytest.raises(GrammarError) as raised:
        parse(text)
    error = raised.value
    assert (error.column, error.expected, error.suggestion) == REFUSED[text]
    start = f"column {error.column}: expected {error.expected}"
    hint = "" if error.suggestion is None else f"; did you mean {error.suggestion}?"
    assert str(error) == start + hint


def test_every_verb_is_in_the_help_and_every_example_is_read_as_its_verb() -> None:
    assert {each.verb for each in PHRASES} == set(VERBS)
    for each in PHRASES:
        assert each.example.split()[0] == each.verb
        assert parse(each.example) != parse("help")
        assert phrases(each.verb) == (each,)


_letters = string.ascii_uppercase
_symbols = st.from_regex(r"[A-Z][A-Z0-9]{0,5}([./][A-Z0-9]{1,2})?", fullmatch=True)
_words = st.text(string.ascii_letters + string.digits + ".,:", min_size=1, max_size=8)
_names = st.from_regex(r"[a-z][a-z_]{0,12}", fullmatch=True)
_reasons = st.text(max_size=40).map(str.strip).filter(bool)
_values = st.dictionaries(_names, _words, min_size=1, max_size=3)
_percents = st.decimals("0.01", "99.99", places=2)
_numbers = st.decimals("0.000001", 999_999_999, places=6)
_maybe = st.none()


@st.composite
def _tickets(draw: st.DrawFn) -> TicketWish:
    symbol, action = draw(_symbols), draw(st.sampled_from(list(Action)))
    currencies = sorted(each for each in CURRENCIES if not symbol.startswith(each))
    units = [
        st.builds(Amount, _numbers, st.just(Unit.QUOTE), st.sampled_from([None, *currencies])),
        st.builds(Amount, _numbers, st.just(Unit.BASE)),
        st.builds(Amount, _percents, st.just(Unit.PERCENT)),
        *([st.just(Amount(None, Unit.ALL))] if action is Action.SELL else []),
    ]
    ticket = TicketWish(
        action=action,
        symbol=symbol,
        amount=None if action is Action.CLOSE else draw(st.one_of(units)),
        limit=draw(_maybe | _numbers),
        stop_loss_percent=draw(_maybe | _percents),
        take_profit_percent=draw(_maybe | _percents),
        trailing_stop_percent=draw(_maybe | _percents),
        hold_secs=draw(_maybe | st.integers(1, 999_999)),
        venue=draw(_maybe | _names),
        account=draw(_maybe | _names),
        dry=draw(st.booleans()),
        unprotected=draw(st.booleans()),
    )
    assume(action is not Action.CLOSE or ticket != _ticket(action, symbol, amount=None))
    return ticket


_wishes = st.one_of(
    st.sampled_from(
        [
            commands.Pause(),
            commands.Resume(),
            commands.StopEntries(),
            commands.CancelEntries(),
            commands.FlattenAll(),
            Quit(),
        ]
    ),
    st.builds(commands.FlattenSymbol, _symbols),
    st.builds(commands.LockSymbol, _symbols),
    st.builds(commands.UnlockSymbol, _symbols),
    st.builds(CloseSymbol, _symbols),
    st.builds(lambda name: commands.CloseTrade(f"20260918-{name}-103005"), _symbols),
    st.builds(
        lambda make, price: make("20260918-AAPL-103005", price),
        st.sampled_from([commands.MoveTradeStop, commands.MoveTradeTarget]),
        st.decimals(1, 1_000_000, places=4),
    ),
    st.builds(commands.SwitchStrategy, st.sampled_from(["reversion", "a_1"]), st.booleans()),
    st.builds(
        commands.SetWeights,
        st.dictionaries(st.sampled_from(["a", "b_2"]), st.floats(0, 1e6), min_size=1).filter(
            lambda weights: all(each == 0 or each > 1e-9 for each in weights.values())
        ),
    ),
    st.builds(commands.SetParameters, _values, _reasons, st.integers(1, 999)),
    st.builds(ChangeParameters, _values, _reasons),
    st.builds(Query, st.sampled_from([t for t in Topic if t != Topic.HELP]), _maybe | _symbols),
    st.builds(Query, st.just(Topic.HELP), _maybe | st.sampled_from(sorted(VERBS))),
    st.builds(Confirm, st.text(_letters, min_size=1, max_size=8), st.booleans()),
    _tickets(),
)


@given(_wishes)
def test_what_is_rendered_is_read_as_what_it_was(wish: Wish) -> None:
    assert parse(render(wish)) == wish


_PIECES = (*VERBS, *OPTIONS, *CURRENCIES, "all", "ALL", "BTC", "80", "%", "sh")

_texts = st.one_of(
    st.text(max_size=60),
    st.tuples(
        st.sampled_from(["buy btc 80", "close btc", "set a", "help", "flatten", "yes"]),
        st.sampled_from(sorted(OPTIONS)),
        st.sampled_from(["NaN", "1e9", "-1", "٣", "²", "inf", "1_0", "0x1"])
        | st.text(string.printable, max_size=4),
    ).map(" ".join),
    st.lists(
        st.sampled_from(_PIECES)
        | st.text(string.printable, max_size=6)
        | st.sampled_from(["--because", "--base", "2.8", "-1", "1e9", "NaN", "٣", "²", "1h"]),
        max_size=9,
    ).map(" ".join),
    st.text(max_size=4).map(lambda text: text * (MOST_CHARACTERS // 2)),
)


def _read(text: str) -> Wish | GrammarError:
    try:
        return parse(text)
    except GrammarError as error:
        return error


@given(_texts)
def test_no_text_raises_anything_but_an_error_that_points_into_it(text: str) -> None:
    read = _read(text)
    if not isinstance(read, GrammarError):
        assert parse(render(read)) == read
        return
    assert 1 <= read.column <= len(text) + 1
    assert read.expected
    assert read.suggestion is None or parse(read.suggestion)
