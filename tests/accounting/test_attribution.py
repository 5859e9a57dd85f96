"""What is booked to strategies adds up to what the account earned, whatever they contributed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.accounting import PROJECTIONS, keep_accounts
from engine.accounting.by_strategy.attribution import attributed
from engine.domain.facts import AnyPayload, Contribution, EnsembleRule, OrderRole
from tests.accounting.streams import facts, fill, plan, whole_run

ACCELERATION = Contribution("acceleration", 0.5, 0.5, 1.0)
REVERSION = Contribution("reversion", 0.25, 0.5, 0.5)

_units = st.floats(0, 1)
_contributions = st.lists(
    st.builds(Contribution, st.just("any"), _units, _units, _units), min_size=1, max_size=5
).map(tuple)
_amounts = st.decimals(Decimal(-1_000_000), Decimal(1_000_000), places=6)


@given(_amounts, st.sampled_from(EnsembleRule), _contributions)
def test_parts_add_up_and_each_is_within_a_cent_of_its_due(
    amount: Decimal, rule: EnsembleRule, contributions: tuple[Contribution, ...]
) -> None:
    booked = attributed(amount, rule, contributions)
    assert len(booked) == len(contributions)
    assert sum(booked, Decimal(0)) == amount
    assert all(part % Decimal("0.01") == 0 for part in booked[1:])
    assert all(part * amount >= 0 for part in booked)
    dues = [
        Fraction(each.weight) * Fraction(each.strength) * Fraction(each.confidence)
        for each in contributions
    ]
    total = sum(dues)
    if rule is EnsembleRule.ANY or not total:
        assert booked[0] == amount
        return
    for part, due in zip(booked[1:], dues[1:], strict=True):
        assert abs(Fraction(part) - Fraction(amount) * due / total) < Fraction(2, 100)


def test_equal_parts_of_a_cent_go_to_the_first() -> None:
    three = (ACCELERATION,) * 3
    assert attributed(Decimal("-0.05"), EnsembleRule.WEIGHTED, three) == [
        Decimal("-0.02"), Decimal("-0.02"), Decimal("-0.01"),
    ]  # fmt: skip


def test_books_of_strategies_add_up_to_the_account() -> None:
    contributions = (REVERSION, ACCELERATION)
    first = plan("T1", "AAA", 1, 10, Decimal(20))
    second = plan("T2", "BBB", -1, 7, Decimal(30), rule=EnsembleRule.WEIGHTED,
                  contributions=contributions)  # fmt: skip
    third = plan("T3", "CCC", 1, 5, Decimal(10), contributions=contributions)
    still_open = plan("T4", "DDD", 1, 5, Decimal(10), contributions=contributions)
    moves = ((first, "21.01"), (second, "29.333333"), (third, "9.50"), (still_open, None))
    payloads: list[AnyPayload] = [
        payload
        for bracket, out in moves
        for payload in (
            bracket,
            fill(bracket, OrderRole.ENTRY, bracket.quantity, bracket.reference_price, Decimal(0)),
            *([fill(bracket, OrderRole.EXIT, bracket.quantity, Decimal(out), Decimal(0))]
              if out else []),
        )
    ]  # fmt: skip
    accounts = keep_accounts(facts(whole_run(payloads)))
    trades = accounts.books().trades
    booked = list(PROJECTIONS["strategy_pnl"].rows(accounts))
    pnl = {(row.trade_id, row.strategy_id): row.realized_pnl for row in booked}
    assert pnl == {
        ("T1", "acceleration"): Decimal("10.10"),
        ("T2", "reversion"): Decimal("0.936669"),
        ("T2", "acceleration"): Decimal("3.73"),
        ("T3", "reversion"): Decimal("-2.50"),
        ("T3", "acceleration"): Decimal(0),
        ("T4", "reversion"): None,
        ("T4", "acceleration"): None,
    }
    figures = PROJECTIONS["strategy_metrics"].rows(accounts)
    metrics = {row.strategy_id: row for row in figures}
    earned = sum((trade.realized_pnl or 0 for trade in trades), Decimal(0))
    assert sum(row.booked_pnl for row in metrics.values()) == earned != 0
    assert {name: row.trades for name, row in metrics.items()} == {
        "acceleration": 1,
        "reversion": 2,
    }
    assert metrics["reversion"].booked_pnl == Decimal("-1.563331")
