"""A digest says what was decided and filled, and for whom, and nothing of how it is kept."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from engine.accounting import Fill
from engine.decision import BucketDecision, decide
from engine.domain.account import ALPACA_MAIN
from engine.domain.bracket import Approved
from engine.domain.candidate import Side
from engine.domain.facts import BucketIncomplete, Contribution, OrderFilled, OrderRole
from engine.domain.parameters import Parameters
from engine.hub.digests import DecisionDigest, FillDigest
from tests.decision.scene import SESSION, candidate, desk, report

FILL = OrderFilled(
    "20180102-AAA-100500-entry", "20180102-AAA-100500", "AAA", "ALPACA", "main", OrderRole.ENTRY,
    "BUY", "v1", Decimal(10), Decimal("20.250000"), Decimal(0), "TAKER",
)  # fmt: skip


_DECIDED = "ab12f5b358ad167d05de6950c4e17355c83c9b8aa288018538435ad11a7026f3"
_FILLED = "9b54cb7d3e53267166005d680a653f144d28da5da6e8a476bb932e92b8e3210b"
"""By the last version whose facts named no strategy."""


def _two_candidates() -> BucketDecision:
    """Return a decision: a short is taken, a weaker long is outranked by it."""
    short = candidate("B", score=7.0, side=Side.SHORT)
    return decide(report(candidate("A", score=5.0), short), desk(), Parameters(), SESSION)


def _decided(decision: BucketDecision) -> str:
    digest = DecisionDigest()
    digest.add_day("candidates", [decision])
    return digest.hexdigest()


def _filled(fill: OrderFilled) -> str:
    digest = FillDigest()
    digest.add([Fill(1, 2, 3, fill)])
    return digest.hexdigest()


def test_digests_of_accelerations_are_those_of_before_strategies_had_names() -> None:
    found = _two_candidates()
    assert found.plans
    assert _decided(found) == _DECIDED
    assert _filled(FILL) == _FILLED


@pytest.mark.parametrize(
    "change",
    [
        {"strategy_id": "reversion"},
        {"account": "second"},
        {"venue": "BYBIT"},
        {"quantity": Decimal("10.5")},
        {"contributions": (Contribution("acceleration", 0.75, 0.5, 1.0),)},
    ],
    ids=str,
)
def test_what_is_decided_for_another_has_another_digest(change: dict[str, object]) -> None:
    found = _two_candidates()
    (plan,) = found.plans
    other = Approved(msgspec.structs.replace(plan.value, **change))
    assert _decided(msgspec.structs.replace(found, plans=(other,))) != _decided(found)


def test_a_bucket_that_was_decided_without_a_slot_has_another_digest() -> None:
    found = _two_candidates()
    silent = [BucketIncomplete(1, slots) for slots in (("S",), ("T",))]
    digests = {_decided(msgspec.structs.replace(found, incomplete=each)) for each in silent}
    assert len(digests | {_decided(found), _decided(BucketDecision(incomplete=silent[0]))}) == 4


def test_fills_tell_accounts_apart_but_not_how_shares_or_venue_ids_are_written() -> None:
    for same in ({"last_qty": Decimal("10.00")}, {"venue_trade_id": "v2"}):
        assert _filled(msgspec.structs.replace(FILL, **same)) == _filled(FILL)
    for other in ({"account": "second"}, {"venue": "BYBIT"}, {"last_qty": Decimal("10.5")}):
        assert _filled(msgspec.structs.replace(FILL, **other)) != _filled(FILL)
    assert ALPACA_MAIN.venue == FILL.venue
