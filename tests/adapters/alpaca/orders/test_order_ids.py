"""Whose order is it? The ids that survive a restart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.alpaca.orders.ids import OrderIds, OwnId
from engine.domain.errors import ConfigError

CLIENT_IDS = st.from_regex(r"\A20260918-[A-Z]{1,4}(\.[AB])?-\d{6}-(entry|stop_loss|exit-2)\Z")


@given(st.integers(0, 99), CLIENT_IDS, st.integers(0, 40))
def test_an_id_that_was_written_is_read_back_and_so_is_one_that_names_the_process(
    process: int, order: str, replacement: int
) -> None:
    ids = OrderIds("20260918-093000-ab12")
    written = ids.venue_id(order, replacement)
    assert ids.own(written) == OwnId(order, replacement)
    assert ids.own(written.replace(".0.", f".{process}.", 1)) == OwnId(order, replacement)


@pytest.mark.parametrize(
    "venue_id",
    [
        "",
        "manual order",
        "r2.0.20260918-AAPL-093005-entry",
        "r10.0.20260918-AAPL-093005-entry",
        "r1.20260918-AAPL-093005-entry",
        "r1.x.20260918-AAPL-093005-entry",
        "r1.0.",
        "904837e3-3b76-47ec-b432-046db621571b",
    ],
)
def test_orders_of_others_are_not_taken_for_ours(venue_id: str) -> None:
    assert OrderIds("r1").own(venue_id) is None


def test_an_id_longer_than_the_venue_takes_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ConfigError, match="129 characters, the venue takes 128"):
        OrderIds("r").venue_id("x" * 125)


def test_a_run_id_that_could_not_be_read_back_is_refused() -> None:
    with pytest.raises(ConfigError, match="without a dot"):
        OrderIds("r.1")
