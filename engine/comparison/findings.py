"""Two stories → what is not the same in them, before anybody asks why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain
from typing import Any

import msgspec

from engine.accounting import Fill
from engine.comparison.difference import Kind, Values
from engine.comparison.story import DecisionKey, Judgement, Story, Working
from engine.domain.facts import BracketPlanned, OrderRole, TradeClosed
from engine.domain.session import day_of

_PLANNED = (
    "quantity",
    "entry_type",
    "entry_limit",
    "reference_price",
    "take_profit",
    "stop_loss",
    "notional",
    "max_hold_secs",
    "trailing_stop_percent",
    "params_version",
    "strategy_id",
    "ensemble_rule",
    "contributions",
)
_CLOSED = ("quantity", "avg_px_open", "avg_px_close", "realized_pnl", "commission", "exit_reason")
_SENT = ("order_side", "order_type", "quantity")
_LATE = 1 << 63
_KINDS = [*Kind]
_ROLES = [*OrderRole]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A difference whose cause is not known yet; ``key`` is that of the decision behind it."""

    ts: int
    kind: Kind
    key: DecisionKey
    trade_id: str | None
    values: tuple[Values, ...]
    only_in: str | None = None
    role: OrderRole | None = None

    @property
    def symbol(self) -> str:
        """The symbol of the decision behind it."""
        return self.key[1]

    @property
    def names(self) -> set[str]:
        """What differs."""
        return {each.name for each in self.values}

    @property
    def order(self) -> tuple[int, int, bool, str, int]:
        """Time, then what follows from what; within a bucket, other inputs before other answers."""
        has_inputs = any(name not in _ANSWERS for name in self.names)
        role = _ROLES.index(self.role) if self.role else 0
        return self.ts, _KINDS.index(self.kind), not has_inputs, self.symbol, role


_ANSWERS = {"verdict", "reason", "detail"}


def findings(first: Story, second: Story) -> list[Finding]:
    """Return everything that differs on the days both played, in order of time."""
    days = first.day_equity.keys() & second.day_equity.keys()
    found = chain(_decisions(first, second), _trades(first, second))
    common = (each for each in found if day_of(each.key[0]).isoformat() in days)
    return sorted(common, key=lambda each: each.order)


def matched_decisions(first: Story, second: Story) -> int:
    """Return how many decisions both runs made."""
    return len(first.judgements.keys() & second.judgements.keys())


def fills_apart(first: Story, second: Story) -> int:
    """Return how many filled orders of the common days are not the same, or in one run alone.

    Those of a trade that only one run planned count, too: it is no difference beside that of the
    decision, but what was filled is not the same.
    """
    days = first.day_equity.keys() & second.day_equity.keys()
    executed = [
        {
            key: _executed(fills)
            for key, fills in story.fills.items()
            if day_of(fills[0].ts_event).isoformat() in days
        }
        for story in (first, second)
    ]
    one, two = executed
    return sum(one.get(key) != two.get(key) for key in one.keys() | two.keys())


def matched_fills(first: Story, second: Story) -> int:
    """Return how many orders were filled in both runs."""
    return len(first.fills.keys() & second.fills.keys())


def _decisions(first: Story, second: Story) -> Iterator[Finding]:
    plans = {each.key: name for story in (first, second) for name, each in story.plans.items()}
    for key in first.judgements.keys() | second.judgements.keys():
        a, b = first.judgements.get(key), second.judgements.get(key)
        values = tuple(_judged(a, b))
        known = first.knows(key) and second.knows(key)
        approved = (a is not None and a.approved) or (b is not None and b.approved)
        if values and (known or approved):
            yield Finding(
                ts=min(first.known_at(key[0]), second.known_at(key[0])),
                kind=Kind.DECISION,
                key=key,
                trade_id=plans.get(key),
                values=values,
                only_in=_only(first, second, a, b),
            )


def _judged(a: Judgement | None, b: Judgement | None) -> Iterator[Values]:
    """Yield what differs of two verdicts; how many shares were approved the plan tells."""
    yield from _values(("verdict", "reason"), _answer(a), _answer(b))
    if a is None or b is None:
        present = a or b
        assert present is not None  # noqa: S101 - one of the two is always there
        yield from _values(("score",), *({"score": each.score} if each else {} for each in (a, b)))
        return
    names = (
        ("score", "confidence") if a.approved and b.approved else ("score", "confidence", "detail")
    )
    yield from _values(names, msgspec.structs.asdict(a), msgspec.structs.asdict(b))
    if a.checks and b.checks:
        looks = ({each.name: each for each in side.checks} for side in (a, b))
        one, two = looks
        for name in dict.fromkeys((*one, *two)):
            fields = (_look(one.get(name)), _look(two.get(name)))
            for value in _values(("value", "threshold", "outcome", "basis"), *fields):
                yield Values(f"{name} {value.name}", value.first, value.second)


def _answer(verdict: Judgement | None) -> dict[str, Any]:
    if verdict is None:
        return {}
    return {"verdict": "approved" if verdict.approved else "refused", "reason": verdict.reason}


def _look(look: Any) -> dict[str, Any]:
    return {} if look is None else msgspec.structs.asdict(look)


def _trades(first: Story, second: Story) -> Iterator[Finding]:
    """Yield what differs of the trades that both runs planned, and plans that only one sent."""
    for trade_id in first.plans.keys() | second.plans.keys():
        a, b = first.plans.get(trade_id), second.plans.get(trade_id)
        planned = a or b
        assert planned is not None  # noqa: S101 - one of the two is always there
        key = planned.key
        if a is None or b is None:
            missing = second if b is None else first
            verdict = missing.judgements.get(key)
            if verdict is not None and verdict.approved:
                yield Finding(
                    ts=planned.ts,
                    kind=Kind.PLAN,
                    key=key,
                    trade_id=trade_id,
                    values=tuple(
                        _values(("quantity",), *(_fields(each and each.plan) for each in (a, b)))
                    ),
                    only_in=_only(first, second, a, b),
                )
            continue
        if values := tuple(_values(_PLANNED, _promised(a.plan), _promised(b.plan))):
            yield Finding(
                ts=min(a.ts, b.ts), kind=Kind.PLAN, key=key, trade_id=trade_id, values=values
            )
        yield from _of_trade(first, second, trade_id, key)


def _of_trade(first: Story, second: Story, trade_id: str, key: DecisionKey) -> Iterator[Finding]:
    def finding(
        kind: Kind, times: Iterable[int], values: Iterable[Values], **more: Any
    ) -> Iterator[Finding]:
        if found := tuple(values):
            yield Finding(
                ts=min(times), kind=kind, key=key, trade_id=trade_id, values=found, **more
            )

    asked = [story.exits.get(trade_id) for story in (first, second)]
    reasons = [{"reason": each[1].reason} if each else {} for each in asked]
    yield from finding(
        Kind.EXIT,
        (each[0] for each in asked if each),
        _values(("reason",), *reasons),
        only_in=_only(first, second, *asked),
    )
    for order_id in _orders(first, trade_id) | _orders(second, trade_id):
        orders = [story.orders.get(order_id) for story in (first, second)]
        sent = [each for each in orders if each]
        values = tuple(_sent(*orders))
        yield from finding(
            Kind.ORDER,
            _seen_at(sent, {each.name for each in values}),
            values,
            role=sent[0].sent.role,
            only_in=_only(first, second, *orders),
        )
    for role in OrderRole:
        fills = [story.fills.get((trade_id, role), []) for story in (first, second)]
        yield from finding(
            Kind.FILL,
            (each[0].ts_event for each in fills if each),
            _filled(*fills),
            role=role,
            only_in=_only(first, second, *(each or None for each in fills)),
        )
    ends = [story.trades.get(trade_id) for story in (first, second)]
    closed: list[TradeClosed | None] = [each[1] if each else None for each in ends]
    yield from finding(
        Kind.TRADE,
        (each[0] for each in ends if each),
        _values(_CLOSED, *(_fields(each) for each in closed)),
        only_in=_only(first, second, *closed),
    )


def _orders(story: Story, trade_id: str) -> set[str]:
    return {name for name, each in story.orders.items() if each.sent.trade_id == trade_id}


def _sent(a: Working | None, b: Working | None) -> Iterator[Values]:
    """Yield what differs of two orders; how a leg ended is told by the fills."""
    yield from _values((*_SENT, "price", "trigger_price", "moves", "ended"), _terms(a), _terms(b))


def _seen_at(orders: list[Working], names: set[str]) -> Iterator[int]:
    """Yield when each order became what the other was not: sent, moved or ended."""
    for order in orders:
        if names == {"ended"}:
            yield order.ended_ts or _LATE
        elif names <= {"moves", "ended"}:
            yield order.moved_ts or _LATE
        else:
            yield order.ts


def _terms(order: Working | None) -> dict[str, Any]:
    if order is None:
        return {}
    price, trigger = order.prices[0]
    matters = order.sent.role is OrderRole.ENTRY or order.ended == "rejected"
    moves = [_shown(*prices) for prices in order.prices[1:]]
    return _fields(order.sent) | {
        "price": price,
        "trigger_price": trigger,
        "moves": moves or None,
        "ended": order.ended if matters else None,
    }


def _shown(price: Decimal | None, trigger: Decimal | None) -> str:
    return str(trigger if price is None else price)


def _filled(a: list[Fill], b: list[Fill]) -> Iterator[Values]:
    one, two = _executed(a), _executed(b)
    yield from _values(dict.fromkeys((*one, *two)), one, two)


def _executed(fills: list[Fill]) -> dict[str, Any]:
    if not fills:
        return {}
    orders = [fill.order for fill in fills]
    quantity = sum(order.last_qty for order in orders)
    notional = sum((order.last_qty * order.last_px for order in orders), Decimal(0))
    parts = {"account": [f"{each.venue} {each.account}" for each in orders]}
    parts |= {"side": [each.order_side for each in orders]}
    parts |= {"order": [each.client_order_id for each in orders]}
    parts |= {"liquidity": [each.liquidity_side for each in orders]}
    return {
        "quantity": quantity,
        "price": notional / quantity,
        "commission": sum((order.commission for order in orders), Decimal(0)),
        "pieces": [f"{each.last_qty} at {each.last_px}" for each in orders] if orders[1:] else None,
        **{name: _alike(values) for name, values in parts.items()},
        "time": [fill.ts_event for fill in fills],
    }


def _alike(values: list[str]) -> list[str]:
    """Return one value where all pieces have the same, else those of the pieces in order."""
    return values[:1] if len({*values}) == 1 else values


def _promised(plan: BracketPlanned) -> dict[str, Any]:
    """Return a plan by name, who contributed to it in words."""
    parts = [
        f"{each.strategy_id} {each.strength:.4g} by weight {each.weight:.4g}"
        for each in plan.contributions
    ]
    return _fields(plan) | {"contributions": parts}


def _fields(struct: msgspec.Struct | None) -> dict[str, Any]:
    return {} if struct is None else msgspec.structs.asdict(struct)


def _values(names: Iterable[str], a: dict[str, Any], b: dict[str, Any]) -> Iterator[Values]:
    """Yield what is not equal; a NaN equals another one."""
    for name in names:
        one, two = a.get(name), b.get(name)
        if one != two and not (one != one and two != two):  # noqa: PLR0124
            yield Values(name, one, two)


def _only(first: Story, second: Story, a: object, b: object) -> str | None:
    if a is not None and b is not None:
        return None
    return first.run_id if b is None else second.run_id
