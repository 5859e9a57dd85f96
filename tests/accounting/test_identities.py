"""Whatever happens to an account, its books agree with each other and with the plainest count."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.accounting import PROJECTIONS, Accounts, keep_accounts
from engine.domain.errors import JournalError
from engine.domain.facts import (
    AnyPayload,
    Fact,
    FillBusted,
    FillCorrected,
    OrderCanceled,
    OrderFilled,
    OrderRole,
)
from tests.accounting.busy_account import busy_account
from tests.accounting.oracle import Oracle, look
from tests.accounting.streams import (
    ALPACA,
    BALANCE,
    OPEN_NS,
    facts,
    fill,
    payload_streams,
    plan,
    run_started,
)

type Tables = dict[str, list[Any]]

seeds = st.integers(0, 2**32)


def tables(stream: list[Fact]) -> Tables:
    accounts = keep_accounts(stream)
    return {name: list(table.rows(accounts)) for name, table in PROJECTIONS.items()}


def expect_identities(found: Tables, expected: Oracle) -> None:
    cash = found["cash_movements"][-1].cash
    assert cash == expected.cash == sum(line.amount for line in found["cash_movements"])
    assert sorted(row.seq for row in found["fills"]) == [row.seq for row in found["fills"]]
    assert [(row.client_order_id, row.last_qty, row.last_px) for row in found["fills"]] == [
        (one.client_order_id, one.last_qty, one.last_px) for one in expected.fills
    ]
    net: Counter[str] = Counter()
    for row in found["fills"]:
        net[row.symbol] += row.last_qty if row.order_side == "BUY" else -row.last_qty
    held = {row.symbol: row for row in found["positions"]}
    by_symbol: dict[str, list[Any]] = defaultdict(list)
    for lot in found["lots"]:
        by_symbol[lot.symbol].append(lot)
    for symbol in {row.symbol for row in found["fills"]}:
        shares, lots = expected.shares[symbol], by_symbol[symbol]
        left = [lot for lot in lots if lot.close_seq is None]
        assert held[symbol].quantity == net[symbol] == sum(lot.side * lot.quantity for lot in left)
        assert abs(net[symbol]) == len(shares)
        assert held[symbol].cost == sum(shares)
        assert held[symbol].realized_pnl == expected.realized[symbol]
        assert expected.realized[symbol] == sum(lot.realized_pnl or 0 for lot in lots)
    realized = sum(expected.realized.values())
    cost = sum(row.cost for row in found["positions"])
    assert cash == BALANCE + realized - cost - expected.costs + expected.moved
    filled: Counter[str] = Counter()
    for row in found["fills"]:
        filled[row.client_order_id] += row.last_qty
    assert all(order.filled_qty == filled[order.client_order_id] for order in found["orders"])


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_thousands_of_disorderly_facts_keep_every_identity(seed: int) -> None:
    payloads = list(busy_account(seed, 500))
    happened = Counter(type(payload) for payload in payloads)
    assert len(payloads) > 2_000
    assert min(happened[kind] for kind in (FillCorrected, FillBusted, OrderCanceled)) > 10
    found = tables(facts(payloads))
    assert {lot.side for lot in found["lots"]} == {1, -1}
    assert max(lot.piece for lot in found["lots"]) > 2
    expect_identities(found, look(payloads))


@given(payload_streams)
def test_orderly_runs_keep_every_identity_and_trades_account_for_all_cash(
    payloads: list[AnyPayload],
) -> None:
    found = tables(facts(payloads))
    expect_identities(found, look(payloads))
    if all(trade.realized_pnl is not None for trade in found["trades"]):
        earned = sum(trade.realized_pnl for trade in found["trades"])
        assert found["cash_movements"][-1].cash == BALANCE + earned


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_rows_kept_up_by_their_changes_are_the_rows_of_one_pass(seed: int) -> None:
    stream, random = facts(list(busy_account(seed, 120))), Random(seed)
    accounts, kept = Accounts(), {name: {} for name in PROJECTIONS}
    for fact in stream:
        accounts.post(fact)
        if random.random() < 0.05 or fact is stream[-1]:
            _follow(accounts, kept)
    found = tables(stream)
    for name, table in PROJECTIONS.items():
        named = {tuple(getattr(row, column) for column in table.key): row for row in found[name]}
        assert kept[name] == named, name


def _follow(accounts: Accounts, kept: dict[str, dict[Any, Any]]) -> None:
    for name, rows in kept.items():
        for key, row in accounts.changes(name):
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row


def _restated(*restatements: AnyPayload) -> Iterator[AnyPayload]:
    bracket = plan("T1", "AAA", 1, 100, Decimal(20))
    yield run_started()
    yield bracket
    yield fill(bracket, OrderRole.ENTRY, 60, Decimal("20.00"), Decimal("0.30"), 1)
    yield fill(bracket, OrderRole.ENTRY, 40, Decimal("20.10"), Decimal("0.20"), 2)
    yield fill(bracket, OrderRole.EXIT, 100, Decimal("21.00"), Decimal("0.50"), 1)
    yield from restatements


def test_a_corrected_fill_restates_its_trade_lots_and_cash_in_its_own_place() -> None:
    corrected = FillCorrected(
        "T1-entry", "T1", "AAA", *ALPACA, "v1", Decimal(60), Decimal("19.50"), Decimal("0.25")
    )
    found = tables(facts(list(_restated(corrected))))
    (trade,) = found["trades"]
    assert trade.realized_pnl == 60 * Decimal("1.50") + 40 * Decimal("0.90") - Decimal("0.95")
    assert trade.entry_ts == OPEN_NS + 2 * 10**9
    assert [(lot.open_px, lot.quantity) for lot in found["lots"]] == [
        (Decimal("19.50"), 60),
        (Decimal("20.10"), 40),
    ]
    line = found["cash_movements"][-1]
    assert (line.kind, line.amount) == ("correction", Decimal("30.05"))
    assert found["fills"][0].restated_seq == line.seq


def test_a_busted_exit_leaves_the_trade_open_and_its_lots_held() -> None:
    busted = FillBusted("T1-exit", "T1", "AAA", *ALPACA, "v1", "clearly erroneous")
    found = tables(facts(list(_restated(busted))))
    (trade,) = found["trades"]
    assert (trade.open_quantity, trade.realized_pnl) == (100, None)
    assert [lot.close_seq for lot in found["lots"]] == [None, None]
    assert found["cash_movements"][-1].amount == -Decimal("2099.50")


def test_an_entry_taken_back_leaves_no_trade() -> None:
    bracket = plan("T1", "AAA", 1, 10, Decimal(20))
    entry = fill(bracket, OrderRole.ENTRY, 10, Decimal(20), Decimal(1))
    busted = FillBusted(
        entry.client_order_id, "T1", "AAA", *ALPACA, entry.venue_trade_id, "erroneous"
    )
    found = tables(facts([run_started(), bracket, entry, busted]))
    assert not found["trades"]
    assert not found["positions"]
    assert found["cash_movements"][-1].cash == BALANCE


@pytest.mark.parametrize(
    ("number", "quantity", "said"), [(2, 10, "to stand, found none"), (1, 0, "more than 0 shares")]
)
def test_a_correction_that_cannot_be_halts_accounting(
    number: int, quantity: int, said: str
) -> None:
    wrong = FillCorrected(
        "T1-exit",
        "T1",
        "AAA",
        *ALPACA,
        f"v{number}",
        Decimal(quantity),
        Decimal(1),
        Decimal(0),
    )
    with pytest.raises(JournalError, match=f"fact 6: .*{said}"):
        tables(facts(list(_restated(wrong))))


def test_a_fill_reported_twice_halts_accounting() -> None:
    again = next(payload for payload in _restated() if isinstance(payload, OrderFilled))
    with pytest.raises(JournalError, match="expected every fill once"):
        tables(facts(list(_restated(again))))
