"""Fees by the schedule of their day, rounded up once a day; what is not known stays unknown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from engine.accounting import PROJECTIONS, keep_accounts
from engine.accounting.books.fee_schedule import SCHEDULES, charge, rate_on
from engine.domain.facts import AnyPayload, Fee, FeeCharged, OrderRole
from tests.accounting.streams import ALPACA, facts, fill, plan, run_started


def _fees(*payloads: AnyPayload) -> dict[str, Any]:
    accounts = keep_accounts(facts([run_started(), *payloads]))
    return {row.fee: row for row in PROJECTIONS["fees"].rows(accounts)}


def test_sales_of_a_day_in_2018_pay_sec_and_taf_and_purchases_nothing() -> None:
    bracket = plan("T1", "AAA", 1, 60_000, Decimal(50))
    bought = fill(bracket, OrderRole.ENTRY, 60_000, Decimal(50), Decimal(0))
    assert {row.expected for row in _fees(bracket, bought).values()} == {0}
    sold = fill(bracket, OrderRole.EXIT, 60_000, Decimal(50), Decimal(0))
    found = _fees(bracket, bought, sold)
    assert found[Fee.SEC].expected == Decimal("69.30")  # 3 M USD at 23.10 a million
    assert found[Fee.TAF].expected == Decimal("5.95")  # capped
    assert found[Fee.CAT].expected == 0  # not before 2024-09


def test_what_is_traded_anywhere_else_owes_no_fee_of_us_stocks() -> None:
    bracket = plan("T1", "AAA", 1, 10, Decimal(50))
    elsewhere = [
        replace(payload, venue="BYBIT")
        for payload in (
            bracket,
            fill(bracket, OrderRole.ENTRY, 10, Decimal(50), Decimal(0)),
            fill(bracket, OrderRole.EXIT, 10, Decimal(50), Decimal(0)),
        )
    ]
    assert _fees(*elsewhere) == {}


def test_what_was_charged_stands_beside_what_was_expected() -> None:
    bracket = plan("T1", "AAA", 1, 10, Decimal(50))
    bought = fill(bracket, OrderRole.ENTRY, 10, Decimal(50), Decimal(0))
    sold = fill(bracket, OrderRole.EXIT, 10, Decimal(50), Decimal(0))
    paid = FeeCharged(*ALPACA, Fee.SEC, "2018-01-02", Decimal("0.02"), "T1", None)
    row = _fees(bracket, bought, sold, paid, paid)[Fee.SEC]
    assert (row.charged, row.charges, row.expected) == (Decimal("0.04"), 2, Decimal("0.02"))


@pytest.mark.parametrize(
    ("fee", "day", "rate"),
    [
        (Fee.SEC, "2018-05-21", "23.10"),
        (Fee.SEC, "2018-05-22", "13.00"),
        (Fee.SEC, "2025-06-02", "0.00"),
        (Fee.SEC, "2026-09-18", "20.60"),
        (Fee.TAF, "2023-12-29", "0.000145"),
        (Fee.CAT, "2025-07-01", "0.0000265"),
        (Fee.CAT, "2026-09-18", None),
        (Fee.SEC, "2000-01-03", None),
        (Fee.OTHER, "2026-09-18", None),
    ],
)
def test_a_rate_holds_from_its_day_on(fee: Fee, day: str, rate: str | None) -> None:
    found = rate_on(fee, date.fromisoformat(day))
    assert (found and found.rate) == (rate and Decimal(rate))


def test_schedules_are_in_order_and_totals_are_rounded_up() -> None:
    for schedule in SCHEDULES.values():
        assert all(before.since < after.since for before, after in pairwise(schedule))
    assert charge(Decimal("0.00083")) == Decimal("0.01")
    assert charge(Decimal("0.01")) == Decimal("0.01")
