"""Brackets as tables, and what holds for each of them at any price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision import RefusalReason, Refused, plan_bracket
from engine.decision.bracket_prices import bracket_prices
from engine.decision.contenders import Contender
from engine.domain.account import ALPACA_MAIN
from engine.domain.bracket import BracketPlan
from engine.domain.candidate import Side
from engine.domain.facts import EnsembleRule
from engine.domain.market_data.quotes import Quote
from engine.domain.markets.instrument import ALPACA_STOCKS
from engine.domain.markets.tick_grid import RULE_612
from engine.domain.parameters import Parameters
from tests.decision.scene import candidate, parameters, prices, quote, sides, units

MONEY: dict[str, Any] = {
    "rule": EnsembleRule.ANY,
    "account": ALPACA_MAIN,
    "confidence": 1.0,
    "equity": Decimal(100_000),
    "open_notional": Decimal(0),
}

STOCK = ALPACA_STOCKS.find("ABC")


def plan(
    last: str, side: Side = Side.LONG, touch: Quote | None = None, **changes: Any
) -> BracketPlan | Refused:
    chosen = candidate(side=side, last=units(last), quote=touch)
    return plan_bracket(Contender(chosen, 1.0, ()), parameters(**changes), STOCK, **MONEY)


SCENARIOS = """
# side   last    bid    ask     entry    target%  stop%    limit   stop    target
  long   100.00  -      -       market   3        1.5      -       98.50   103.00
  long   100.00  99.98  100.02  market   3        1.5      -       98.51   103.03
  long   100.00  99.98  100.02  limit    3        1.5      100.13  98.51   103.03
  long   33.335  -      -       market   3        1.5      -       32.83   34.34
  long   10.006  -      -       market   1.5      1.5      -       9.85    10.17
  long   2.00    -      -       market   0.2      0.1      -       1.99    2.01
  long   2.00    -      -       limit    0.2      0.1      2.01    1.99    2.02
  long   1.01    -      -       market   3        1.5      -       0.9948  1.05
  long   0.9999  -      -       market   3        1.5      -       0.9849  1.03
  long   0.50    -      -       market   3        1.5      -       0.4900  0.5150
  long   0.20    -      -       market   3        1.5      -       0.1900  0.2100
  short  100.00  -      -       market   3        1.5      -       101.50  97.00
  short  100.00  99.98  100.02  market   3        1.5      -       101.48  96.98
  short  100.00  99.98  100.02  limit    3        1.5      99.88   101.48  96.98
  short  1.00    -      -       market   3        1.5      -       1.02    0.9700
"""
"""What is known and asked, and where the three orders must stand; ``-`` is none."""


@pytest.mark.parametrize("row", SCENARIOS.splitlines()[2:])
def test_bracket_stands_on_the_tick_grid(row: str) -> None:
    side, last, bid, ask, entry, target_pct, stop_pct, *expected = row.split()
    found = plan(
        last,
        Side[side.upper()],
        None if bid == "-" else quote(bid, ask),
        entry_type=entry,
        take_profit_percent=target_pct,
        stop_loss_percent=stop_pct,
    )
    assert isinstance(found, BracketPlan)
    limit = "-" if found.entry_limit is None else str(found.entry_limit)
    assert [limit, str(found.stop_loss), str(found.take_profit)] == expected


BIG = {"position_notional": 1_000_000, "stop_loss_percent": 0.1}
CAPPED = {"concurrent_trading": True, "max_open_notional": 5_000}

# fmt: off
SIZES = [
    # what binds           changes                               last      shares
    ("position_notional",  {},                                   "100.00", 50),
    ("position_notional",  {"entry_type": "limit"},              "100.00", 49),
    ("risk",               {"risk_per_trade_percent": 0.05},     "100.00", 33),
    ("volume share",       {"max_volume_share_percent": 0.05},   "2.00",   1_000),
    ("volume share off",   {"max_volume_share_percent": "off"},  "2.00",   2_500),
    ("equity",             BIG,                                  "10.00",  10_000),
    ("open notional",      CAPPED,                               "30.00",  166),
]
# fmt: on


@pytest.mark.parametrize(("binds", "changes", "last", "shares"), SIZES)
def test_the_tightest_limit_sets_the_size(
    binds: str, changes: dict[str, Any], last: str, shares: int
) -> None:
    found = plan(last, **changes)
    assert isinstance(found, BracketPlan), binds
    assert found.quantity == shares
    assert found.notional == shares * (found.entry_limit or found.reference_price)


def test_the_plan_says_where_it_comes_from() -> None:
    found = plan("100.00", max_hold_seconds="off", trailing_stop_percent=0.8)
    assert isinstance(found, BracketPlan)
    assert found.trade_id == "20250918-AAPL-120000"
    assert (found.max_hold_secs, found.trailing_stop_percent) == (None, Decimal("0.8"))
    assert found.fact(params_version=1).trade_id == found.trade_id


def test_a_penny_stock_has_no_room_for_a_stop() -> None:
    found = plan("0.01", min_price=0.01)
    assert isinstance(found, Refused)
    assert found.reason is RefusalReason.NO_ROOM


@given(
    side=sides,
    last=prices,
    entry_type=st.sampled_from(["market", "limit"]),
    slippage=st.decimals(0, 500, places=1),
    percents=st.tuples(st.decimals("0.2", 20, places=2), st.decimals("0.1", 10, places=2)).filter(
        lambda pair: pair[0] >= pair[1]
    ),
)
def test_stop_entry_and_target_are_in_order_on_the_grid(
    side: Side,
    last: int,
    entry_type: str,
    slippage: Decimal,
    percents: tuple[Decimal, Decimal],
) -> None:
    params = parameters(
        entry_type=entry_type,
        entry_slippage_bps=slippage,
        take_profit_percent=percents[0],
        stop_loss_percent=percents[1],
    )
    found = bracket_prices(candidate(side=side, last=last, quote=None), params, STOCK)
    if not found.has_room:
        return
    assert side * found.stop < side * found.reference <= side * found.entry < side * found.target
    assert side * (found.reference - found.stop) >= Decimal("0.01")
    assert side * (found.target - found.reference) >= side * (found.reference - found.stop)
    for price in (found.stop, found.target, *([found.limit] if found.limit else [])):
        assert price % RULE_612.tick(price) == 0


@given(price=prices.map(lambda price: Decimal(price).scaleb(-6)), side=sides)
def test_rounding_lands_on_the_nearest_grid_price(price: Decimal, side: Side) -> None:
    forth, back = RULE_612.round_with(price, side), RULE_612.round_against(price, side)
    assert side * back <= side * price <= side * forth
    assert abs(forth - back) <= RULE_612.tick(max(forth, back))
    beyond = RULE_612.next_tick(price, side)
    assert side * beyond > side * price
    assert beyond % RULE_612.tick(beyond) == 0


def test_an_order_never_costs_more_than_the_equity_that_is_free() -> None:
    chosen = candidate(last=units("100.00"), quote=None)
    found = plan_bracket(
        Contender(chosen, 1.0, ()),
        Parameters(),
        STOCK,
        rule=EnsembleRule.ANY,
        account=ALPACA_MAIN,
        confidence=1.0,
        equity=Decimal(6_000),
        open_notional=Decimal(5_950),
    )
    assert found == Refused(
        RefusalReason.TOO_SMALL,
        "equity allows no share at entry 100.0000, stop 98.50, target 103.00 USD",
    )
