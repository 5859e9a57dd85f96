"""What is traded is data, from the plan to the fill: grids, steps, minima, calendars."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision import RefusalReason, Refused, plan_bracket
from engine.decision.contenders import Contender
from engine.decision.governor.day_windows import (
    NEVER_NS,
    entries_close_ns,
    entries_open_ns,
    flatten_ns,
)
from engine.domain.account import ACCELERATION
from engine.domain.candidate import Side
from engine.domain.errors import ConfigError, DataError, NotFoundError
from engine.domain.facts import EnsembleRule, OrderSubmitted
from engine.domain.markets.instrument import ALPACA_STOCKS, ListedInstruments, UsStocks
from engine.domain.markets.tick_grid import RULE_612, PriceGrid, TickGrid
from engine.domain.order_names import trade_id
from engine.domain.parameters import Parameters
from engine.domain.session import Calendar, day_of, is_session, session
from engine.runtime.bridge.values import nautilus_instrument
from tests.decision.scene import candidate, parameters, sides, units
from tests.markets.bitcoin import BITCOIN, BYBIT, COARSE, FINE, FINE_SINCE
from tests.runtime.stage import TEN, act, closed, filled, payloads, plan

HALF_PENNIES = TickGrid.of(("0", "0.0001"), ("1", "0.005"), ("100", "0.01"))
GRIDS = st.sampled_from([RULE_612, HALF_PENNIES, COARSE, FINE])
PRICES = st.decimals("-1", "5000", places=6)


def cent_or_hundredth(price: Decimal) -> Decimal:
    """Return rule 612 as it is written."""
    return Decimal("0.01") if price >= 1 else Decimal("0.0001")


@given(price=st.decimals("0.000001", "100000", places=9), side=sides)
def test_rule_612_as_data_rounds_as_the_rule_reads_to_the_last_written_digit(
    price: Decimal, side: Side
) -> None:
    rounding = ROUND_CEILING if side is Side.LONG else ROUND_FLOOR
    by_rule = price.quantize(cent_or_hundredth(price), rounding)
    found = RULE_612.round_with(price, side)
    assert str(found) == str(by_rule)  # a fact holds the text
    assert Decimal(RULE_612.fixed_tick(int(price * 1_000_000))) == 1_000_000 * cent_or_hundredth(
        price
    )


@given(grid=GRIDS, price=PRICES, side=sides)
def test_any_grid_rounds_to_its_nearest_price_on_each_side(
    grid: TickGrid, price: Decimal, side: Side
) -> None:
    forth, back = grid.round_with(price, side), grid.round_against(price, side)
    assert side * back <= side * price <= side * forth
    assert forth - back in {0, side * grid.tick(min(forth, back))}
    if min(back, price) <= 0:
        return
    beyond = grid.next_tick(price, side)
    assert grid.holds(beyond) or beyond <= 0
    assert side * beyond > side * price
    halfway = (beyond + (price if grid.holds(price) else back)) / 2
    assert not grid.holds(halfway)  # nothing lies between


def test_a_price_may_be_on_the_grid_of_one_day_and_off_that_of_the_day_before() -> None:
    prices = PriceGrid.dated((date(2020, 1, 1), RULE_612), (date(2027, 5, 3), HALF_PENNIES))
    half = Decimal("20.005")
    assert [prices.on(date(2027, 5, day)).holds(half) for day in (2, 3, 4)] == [False, True, True]
    assert prices.on(date(1999, 1, 1)) == RULE_612
    before, since = (session(FINE_SINCE, Calendar.ALWAYS).open_ns - 1 + n for n in range(2))
    assert (BITCOIN.grid_at(before), BITCOIN.grid_at(since)) == (COARSE, FINE)


@pytest.mark.parametrize(
    "bands",
    [
        (),
        (("1", "0.01"),),
        (("0", "0.01"), ("0", "0.1")),
        (("0", "0"),),
        (("0", "0.03"), ("1", "0.01")),
    ],
)
def test_bands_that_are_no_grid_are_refused(bands: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(ConfigError, match=r"price (bands|steps|band)"):
        TickGrid.of(*bands)


def test_a_market_that_never_closes_has_days_of_utc_and_nothing_is_flat_at_their_end() -> None:
    saturday = date(2026, 9, 19)
    assert is_session(saturday, Calendar.ALWAYS)
    assert not is_session(saturday)
    today, next_day = (session(saturday + timedelta(days=n), Calendar.ALWAYS) for n in range(2))
    assert (today.open_ns, today.close_ns) == (today.pre_market_ns, next_day.open_ns)
    assert today.close_ns - today.open_ns == 24 * 3_600 * 10**9
    assert day_of(today.close_ns - 1, Calendar.ALWAYS) == saturday
    params = Parameters()
    assert flatten_ns(params, today) == entries_close_ns(params, today) == NEVER_NS
    assert entries_open_ns(params, today) == today.open_ns


def test_a_name_stands_for_one_instrument_however_it_is_written() -> None:
    listed = ListedInstruments([BITCOIN])
    assert {listed.find(name).key for name in ("BTCUSDT", "xbt", "XBT", "Btc")} == {BITCOIN.key}
    with pytest.raises(NotFoundError, match="DOGE is not traded here"):
        listed.find("DOGE")
    with pytest.raises(ConfigError, match="one instrument"):
        ListedInstruments([BITCOIN, UsStocks("BYBIT").find("BTC")])


def test_a_plan_is_over_the_instruments_steps_and_money_and_on_the_grid_of_its_day() -> None:
    found = plan_bracket(
        Contender(candidate("BTCUSDT", last=units("61234.56"), quote=None), 1.0, ()),
        parameters(max_volume_share_percent=None, position_notional=100),
        BITCOIN,
        rule=EnsembleRule.ANY,
        account=BYBIT,
        confidence=1.0,
        equity=Decimal(100_000),
        open_notional=Decimal(0),
    )
    assert not isinstance(found, Refused)
    assert found.quantity == Decimal("0.001633")
    assert (found.instrument, found.currency) == ("BTCUSDT.BYBIT", "USDT")
    assert all(COARSE.holds(price) for price in (found.stop_loss, found.take_profit))


@pytest.mark.parametrize(
    ("minimum", "why"),
    [({"min_notional": Decimal(101)}, "worth less"), ({"min_quantity": Decimal(1)}, "least order")],
)
def test_a_plan_below_a_minimum_of_its_market_is_refused(
    minimum: dict[str, Decimal], why: str
) -> None:
    refused = plan_bracket(
        Contender(candidate("BTCUSDT", last=units("61234.56"), quote=None), 1.0, ()),
        parameters(max_volume_share_percent=None, position_notional=100),
        msgspec.structs.replace(BITCOIN, **minimum),
        rule=EnsembleRule.ANY,
        account=BYBIT,
        confidence=1.0,
        equity=Decimal(100_000),
        open_notional=Decimal(0),
    )
    assert isinstance(refused, Refused)
    assert refused.reason is RefusalReason.TOO_SMALL
    assert why in refused.detail


def test_the_hub_trades_a_spot_coin_to_a_part_and_its_facts_say_where() -> None:
    bracket = msgspec.structs.replace(
        plan(symbol="BTCUSDT", target="103.0", stop="98.5"),
        trade_id=trade_id("BTCUSDT", TEN, ACCELERATION, BYBIT),
        venue=BYBIT.venue,
        currency=BYBIT.currency,
        quantity=Decimal("0.0013"),
    )
    facts = act(
        bracket,
        prints=[(-0.5, 100.05), (10, 103.00)],
        touches=[(-1.0, 100.00, 100.10)],
        instruments=ListedInstruments([BITCOIN]),
    )
    assert [role for role, _, _ in filled(facts)] == ["entry", "take_profit"]
    assert closed(facts).quantity == Decimal("0.0013")
    sent = payloads(facts, OrderSubmitted)
    assert {(each.symbol, each.venue) for each in sent} == {("BTCUSDT", "BYBIT")}
    assert sorted(each.price for each in sent if each.price) == [Decimal(103)]


def test_nautilus_has_no_stock_of_parts_and_says_so() -> None:
    stock = ALPACA_STOCKS.find("AAPL")
    with pytest.raises(DataError, match="whole"):
        nautilus_instrument(msgspec.structs.replace(stock, size_decimals=3))
