"""What a broker or an exchange may do to an account or a stock in mid-session."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.domain.errors import ConfigError
from simulator.exchange import AccountChange, Fault, Listing, account_change
from simulator.exchange.book import faults
from simulator.exchange.book.orders import Status
from simulator.exchange.wire import account_body
from tests.simulator.exchange.floor import Floor


def quoted(*, pdt: bool = False, cash: str = "100000") -> Floor:
    floor = Floor(cash=cash, pdt=pdt)
    floor.quote(100.00, 100.10)
    floor.print(100.05)
    return floor


def change(floor: Floor, **fields: Any) -> None:
    floor.exchange.accounts.change(floor.account.id, account_change(fields, AccountChange))


def told(floor: Floor) -> dict[str, Any]:
    return account_body(floor.account, floor.exchange.accounts.balances(floor.account.id))


@pytest.mark.parametrize(
    ("field", "value", "over", "fault"),
    [
        ("trading_blocked", "true", "false", faults.NOT_AUTHORIZED),
        ("account_blocked", True, False, faults.NOT_AUTHORIZED),
        ("status", "ACCOUNT_UPDATED", "ACTIVE", faults.NOT_AUTHORIZED),
        ("trade_suspended_by_user", True, False, faults.SUSPENDED),
    ],
)
def test_a_barred_account_places_and_replaces_nothing_and_what_rests_lives(
    field: str, value: object, over: object, fault: Fault
) -> None:
    floor = quoted()
    entry, target, stop = floor.bracket()
    floor.at(1)
    assert entry.status is Status.FILLED
    change(floor, **{field: value})

    assert told(floor)[field] == (value == "true" or value)
    assert floor.refused(symbol="XYZ") == fault
    assert floor.refused(side="sell") == fault
    assert floor.replace(target, limit_price="99") == fault
    assert (target.status, stop.status) == (Status.NEW, Status.HELD)
    floor.exchange.restore(floor.exchange.snapshot())
    floor.account = floor.exchange.state.accounts[floor.account.id]
    assert floor.refused(symbol="XYZ") == fault
    change(floor, **{field: over})
    target = floor.exchange.state.orders[target.id]
    floor.replaced(target, limit_price="99")
    floor.at(2)
    assert floor.held() == 0


@pytest.mark.parametrize(
    ("listing", "fault"),
    [
        (Listing(tradable=False), faults.not_tradable("ABC")),
        (Listing(status="inactive"), faults.not_active("ABC")),
    ],
)
def test_a_stock_that_is_closed_to_trading_is_neither_opened_nor_closed(
    listing: Listing, fault: Fault
) -> None:
    floor = quoted()
    _, target, _ = floor.bracket()
    floor.at(1)
    floor.exchange.change_listing("ABC", listing)

    assert floor.refused(side="sell") == floor.refused() == fault
    assert floor.replace(target, limit_price="99") == fault
    floor.exchange.restore(floor.exchange.snapshot())
    assert floor.refused() == fault
    floor.exchange.change_listing("ABC", Listing())
    floor.replaced(floor.exchange.state.orders[target.id], limit_price="99")


def test_cash_that_is_taken_away_leaves_no_buying_power() -> None:
    floor = quoted()
    change(floor, cash="500.25")

    assert floor.refused() == faults.insufficient_buying_power(Decimal("500.25"), Decimal(1001))
    assert told(floor)["last_equity"] == "500.25"


@pytest.mark.parametrize(
    "fields",
    [{"blocked": True}, {"cash": "NaN"}, {"status": "FINE"}, {"daytrade_count": -1}],
)
def test_a_change_that_no_account_has_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        account_change(fields, AccountChange)


def test_under_the_old_rule_a_small_account_opens_nothing_after_three_day_trades() -> None:
    floor = quoted(pdt=True, cash="20000")
    for count in (1, 2, 3):
        floor.order()
        floor.order()
        floor.at(count - 0.5)
        floor.order(side="sell", qty="20")
        floor.at(count)
        assert told(floor)["daytrade_count"] == count
    assert floor.refused() == faults.DAY_TRADING

    change(floor, daytrade_count=0)
    floor.order()
    floor.at(4)
    change(floor, daytrade_count=3)
    floor.order(side="sell")
    floor.at(5)
    assert floor.held() == 0
    assert told(floor)["pattern_day_trader"] is True
    change(floor, cash="30000")
    floor.order()


def test_without_the_old_rule_nobody_counts() -> None:
    floor = quoted(cash="20000")
    change(floor, daytrade_count=9)
    floor.order()
