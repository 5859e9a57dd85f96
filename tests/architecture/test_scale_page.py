"""Scale on paper: the page is what the formulas say, and the formulas hang together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.scale import (
    FULL,
    MARKETS,
    Costs,
    Market,
    Prices,
    hub_saturates,
    merge_ms,
    relay_cores,
    relay_saturates,
    scale,
    shard_cores,
    shards_for,
)
from benchmarks.scale_page import PAGE, page


def test_the_page_of_scale_is_what_the_formulas_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m benchmarks.scale_page`"


@pytest.mark.parametrize("market", MARKETS, ids=lambda market: market.name)
def test_as_few_shards_as_keep_up_in_the_opening_minute(market: Market) -> None:
    costs = Costs()
    count = shards_for(market, costs)

    def load(shards: int) -> float:
        return shard_cores(market.opening_rate / shards, market.slots / shards, costs)

    assert load(count) <= FULL
    assert count == 1 or load(count - 1) > FULL
    assert scale(market, costs, Prices()).shards == count


def test_each_part_is_full_where_its_formula_says() -> None:
    costs = Costs()
    assert relay_cores(relay_saturates(costs), costs) == pytest.approx(1.0)
    assert merge_ms(26, round(hub_saturates(26, costs)), costs) == pytest.approx(50.0, abs=0.05)


def test_what_costs_twice_as_much_does_not_make_anything_cheaper() -> None:
    costs, prices = Costs(), Prices()
    market = MARKETS[-1]
    before = scale(market, costs, prices)
    dearer = scale(market, replace(costs, row_us=2 * costs.row_us), prices)
    assert dearer.shards > before.shards
    assert dearer.dollars > before.dollars
    twice = scale(replace(market, rows=2 * market.rows), costs, prices)
    assert twice.bytes_day == pytest.approx(2 * before.bytes_day)
    assert twice.relay_cores_worst > before.relay_cores_worst
