"""What crosses into nautilus and back: numbers to the last digit, and the hub's own lifetime."""

from __future__ import annotations

import gc
import weakref
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import DataError
from engine.domain.fixed_point import MAX_PRICE, MAX_SIZE
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import ParameterHistory
from engine.hub import Desk
from engine.journal import MemoryJournal
from engine.runtime import Failures, HubStrategy
from engine.runtime.bridge import values as bridge
from strategies import Acceleration


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
    with pytest.raises(DataError, match=r"1\.0000001 is finer"):
        bridge.price_from(Decimal("1.0000001"))


def test_a_symbol_with_a_dot_keeps_it() -> None:
    stock = bridge.instrument_id("BRK.B", "ALPACA")

    assert stock.symbol.value == "BRK.B"
    assert stock.venue.value == "ALPACA"


def test_the_hub_is_freed_with_its_last_reference_and_so_in_its_own_thread() -> None:
    desk = Desk(ParameterHistory(Parameters()), MemoryJournal(), Decimal(1))
    gc.disable()
    try:
        hub = HubStrategy(desk, Failures(), [Acceleration()], day_has_quotes=True)
        freed = weakref.ref(hub)
        del hub
        assert freed() is None
    finally:
        gc.enable()
