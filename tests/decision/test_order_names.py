"""Ids of trades and orders: read back as they were made, and no two alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.domain.account import ACCELERATION, ALPACA_MAIN, TradingAccount
from engine.domain.errors import ConfigError, DataError
from engine.domain.facts import OrderRole
from engine.domain.order_names import (
    OrderName,
    TradeName,
    exit_id,
    is_entry,
    order_id,
    order_name,
    short_order_id,
    trade_id,
    trade_name,
)
from engine.domain.session import NANOS_PER_SECOND

_FALL_BACK = 1_793_509_200
"""The second in which New York's clocks go back from 02:00 to 01:00 on 2026-11-01."""

type Named = tuple[str, int, str, TradingAccount, OrderRole, int]

_words = st.sampled_from([ACCELERATION, "reversion", "main", "exit"])
_symbols = st.one_of(
    st.sampled_from([
        "A", "BRK.B", "BTC-USDT", "BTC/USD", "A-093000", "A-093000-exit-2", "A-exit",
        "A-093000-reversion:ALPACA:main", "A-093000-main:ALPACA:exit-entry",
    ]),
    st.text(st.sampled_from("AB.-:/0f"), min_size=1, max_size=12),
)  # fmt: skip
_seconds = st.one_of(
    st.integers(0, 4_000_000_000),
    st.integers(-7_200, 7_200).map(lambda secs: _FALL_BACK + secs),
)
_accounts = st.builds(TradingAccount, st.sampled_from(["ALPACA", "BYBIT"]), _words, st.just("USD"))
_roles = st.sampled_from(OrderRole)
_named = st.tuples(_symbols, _seconds, _words, _accounts, _roles, st.integers(1, 12)).map(
    lambda drawn: (*drawn[:5], drawn[5] if drawn[4] is OrderRole.EXIT else 1)
)


def _trade_id(named: Named) -> str:
    symbol, secs, strategy_id, account, *_ = named
    return trade_id(symbol, secs * NANOS_PER_SECOND, strategy_id, account)


def _order_id(named: Named) -> str:
    role, number = named[4:]
    name = _trade_id(named)
    return exit_id(name, number) if role is OrderRole.EXIT else order_id(role, name)


def _key(named: Named) -> tuple[Any, ...]:
    symbol, secs, strategy_id, account, role, number = named
    return symbol, secs, strategy_id, account.venue, account.name, role, number


@given(_named)
@example(("A", _FALL_BACK + 1_800, ACCELERATION, ALPACA_MAIN, OrderRole.EXIT, 2))
def test_an_id_says_what_it_was_made_of(named: Named) -> None:
    symbol, secs, strategy_id, account, role, number = named
    name = _trade_id(named)
    assert trade_name(name) == TradeName(
        symbol, secs * NANOS_PER_SECOND, strategy_id, account.venue, account.name
    )
    assert order_name(_order_id(named)) == OrderName(name, role, number)
    assert is_entry(_order_id(named), name) is (role is OrderRole.ENTRY)
    assert is_entry(short_order_id(_order_id(named)), name) is (role is OrderRole.ENTRY)


@given(st.lists(_named, min_size=2, max_size=12, unique_by=_key))
@example(
    [
        ("A", _FALL_BACK - 1_800, ACCELERATION, ALPACA_MAIN, OrderRole.ENTRY, 1),
        ("A", _FALL_BACK + 1_800, ACCELERATION, ALPACA_MAIN, OrderRole.ENTRY, 1),
    ]
)
@pytest.mark.parametrize("shown", [str, short_order_id])
def test_no_two_orders_have_one_id(shown: Callable[[str], str], ordered: list[Named]) -> None:
    ids = {shown(_order_id(named)) for named in ordered}
    assert len(ids) == len(ordered)


def test_accelerations_at_alpaca_keep_the_ids_they_had() -> None:
    ends = 1_789_740_305 * NANOS_PER_SECOND
    name = trade_id("BRK.B", ends, ACCELERATION, ALPACA_MAIN)
    assert name == "20260918-BRK.B-100505"
    assert (order_id(OrderRole.ENTRY, name), exit_id(name, 1), exit_id(name, 2)) == (
        f"{name}-entry", f"{name}-exit", f"{name}-exit-2",
    )  # fmt: skip
    assert trade_id("BRK.B", ends, "reversion", ALPACA_MAIN) == f"{name}-reversion:ALPACA:main"


def test_a_short_id_is_taken_by_every_market() -> None:
    short = short_order_id("20260918-BTC-USDT-100505-acceleration:BYBIT:main-take_profit")
    assert len(short) == 17
    assert short.isascii()
    assert short.isalnum()
    assert short == short.lower()


@pytest.mark.parametrize(
    "word", ["", "T1", "20260918-AAA", "20261399-AAA-100505", "x-exit-1", "-exit-02"]
)
def test_what_nobody_made_is_no_name(word: str) -> None:
    assert trade_name(word) is None
    assert order_name(word) is None


def test_what_could_not_be_read_back_is_refused() -> None:
    with pytest.raises(DataError, match="a bucket of AAA to end on a whole second"):
        trade_id("AAA", NANOS_PER_SECOND + 1, ACCELERATION, ALPACA_MAIN)
    with pytest.raises(ConfigError, match="expected a strategy named by lower-case letters"):
        trade_id("AAA", NANOS_PER_SECOND, "my-idea", ALPACA_MAIN)
    with pytest.raises(ConfigError, match="expected a venue in capitals"):
        TradingAccount.checked("bybit", "main", "USD")
