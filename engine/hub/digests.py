"""Two hashes by which two runs are compared: what was decided, and what was filled.

What is hashed is named here, field by field, so that a field more in a verdict, plan or fill moves
no digest. What the acceleration strategy decides for Alpaca's main account is hashed under the
names it had when there was nothing else: ``ac_z`` for the signed score, whole shares as integers.
The strategy, venue and account of anything else are added to that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from engine.accounting import Fill
from engine.decision import BucketDecision, Verdict
from engine.domain.account import ACCELERATION, ALPACA_MAIN
from engine.domain.bracket import BracketPlan
from engine.domain.facts import OrderFilled
from engine.domain.fixed_point import plain
from engine.domain.order_names import is_unmarked

_encode = msgspec.msgpack.Encoder(decimal_format="string").encode

VERDICT = ("symbol", "ts_event", "side", "ac_z", "approved", "reason", "detail", "confidence",
           "checks", "rank")  # fmt: skip
"""Of a verdict."""

PLAN = (
    "trade_id", "symbol", "side", "quantity", "entry_type", "entry_limit", "reference_price",
    "take_profit", "stop_loss", "notional", "max_hold_secs", "trailing_stop_percent", "ac_z",
    "confidence", "candidate_ts",
)  # fmt: skip
"""Of a plan; its strategy and account are in its trade id, contributions of others added."""

FILL = (
    "kind", "client_order_id", "trade_id", "symbol", "role", "order_side", "venue_trade_id",
    "last_qty", "last_px", "commission", "liquidity_side",
)  # fmt: skip
"""Of a fill, beside its time; the ids that the venue made up are left empty."""


class DecisionDigest:
    """Candidates and breadth of each day, then its verdicts, plans and incomplete buckets."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()

    def add_day(self, candidate_digest: str, decisions: Iterable[BucketDecision]) -> None:
        """Take a day that was played."""
        self._sha.update(candidate_digest.encode())
        for decision in decisions:
            if decision.incomplete is not None:
                silent = decision.incomplete
                self._sha.update(_encode({"incomplete": {"ts": silent.ts, "slots": silent.slots}}))
            if decision.verdicts:
                verdicts = [_of_verdict(verdict) for verdict in decision.verdicts]
                plans = [{"value": _of_plan(approved.value)} for approved in decision.plans]
                self._sha.update(_encode({"verdicts": verdicts, "plans": plans}))

    def hexdigest(self) -> str:
        """Return the sha256 of all days so far."""
        return self._sha.hexdigest()


class FillDigest:
    """Every fill in order: order, price, quantity, time; not the ids the venue made up."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()

    def add(self, fills: Iterable[Fill]) -> None:
        """Take further fills."""
        for fill in fills:
            self._sha.update(_encode((fill.ts_event, _of_fill(fill.order))))

    def hexdigest(self) -> str:
        """Return the sha256 of all fills so far."""
        return self._sha.hexdigest()


def _of_verdict(verdict: Verdict) -> dict[str, Any]:
    values = msgspec.structs.asdict(verdict) | {"ac_z": verdict.side * verdict.score}
    hashed = _named(values, VERDICT)
    if verdict.strategy_id != ACCELERATION:
        hashed["strategy_id"] = verdict.strategy_id
    return hashed


def _of_plan(plan: BracketPlan) -> dict[str, Any]:
    values = msgspec.structs.asdict(plan) | {
        "ac_z": plan.side * plan.score,
        "quantity": _whole(plan.quantity),
    }
    hashed = _named(values, PLAN)
    if not (
        is_unmarked(plan.strategy_id, plan.venue, plan.account)
        and [(each.strategy_id, each.weight) for each in plan.contributions] == [(ACCELERATION, 1)]
    ):
        more = ("strategy_id", "venue", "account", "ensemble_rule", "contributions")
        hashed |= _named(values, more)
    return hashed


def _of_fill(order: OrderFilled) -> dict[str, Any]:
    values = msgspec.structs.asdict(order) | {
        "kind": order.__struct_config__.tag,
        "venue_trade_id": "",
        "last_qty": _whole(order.last_qty),
    }
    hashed = _named(values, FILL)
    if (order.venue, order.account) != (ALPACA_MAIN.venue, ALPACA_MAIN.name):
        hashed |= _named(values, ("venue", "account"))
    return hashed


def _named(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names}


def _whole(shares: Decimal) -> int | Decimal:
    """Return shares as they are hashed: whole ones as an integer, parts without trailing zeros."""
    shares = plain(shares)
    return int(shares) if shares == int(shares) else shares
