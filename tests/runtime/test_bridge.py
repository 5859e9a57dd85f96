"""Numbers keep their last digit on the way into nautilus and back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import DataError
from engine.domain.fixed_point import MAX_PRICE, MAX_SIZE
from engine.runtime.bridge import values as bridge


@given(st.integers(1, MAX_PRICE))
def test_prices(fixed: int) -> None:
    price = bridge.price_of(fixed)

    assert bridge.fixed_of(price) == fixed
    assert bridge.decimal_of(price) == Decimal(fixed) / 1_000_000
    assert bridge.price_from(bridge.decimal_of(price)) == price


@given(st.integers(0, MAX_SIZE))
def test_quantities(shares: int) -> None:
    assert bridge.shares_of(bridge.quantity_of(shares)) == shares


def test_a_price_beyond_the_sixth_decimal_is_refused() -> None:
    with pytest.raises(DataError, match=r"1\.0000001 USD is finer"):
        bridge.price_from(Decimal("1.0000001"))


def test_a_symbol_with_a_dot_keeps_it() -> None:
    stock = bridge.instrument_id("BRK.B")

    assert stock.symbol.value == "BRK.B"
    assert stock.venue == bridge.VENUE
