"""At which steps of its orders' lives a process was killed.

What the venue knows is laid beside what the process had written down by then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from engine.domain.facts import (
    AnyPayload,
    BracketPlanned,
    ExitReason,
    ExitRequested,
    OrderAccepted,
    OrderFilled,
    OrderRejected,
    OrderRole,
    OrderUpdated,
    TradeClosed,
)
from tests.resume.oracle import Trade, role


class Step(StrEnum):
    """A step of an order's life, several of which may be at once."""

    BEFORE_SUBMIT = "between plan and order"
    UNANSWERED = "between order and answer"
    FILL_UNHEARD = "between fill and its update"
    ENTRY_WORKS = "entry works"
    PARTLY_FILLED = "entry partly filled"
    PROTECTED = "position under its bracket"
    STOP_MOVES = "stop on its way to another price"
    CANCEL_THEN_SELL = "bracket canceled, sale not heard of"
    CHANGE_PENDING = "change pending"
    CANCEL_PENDING = "cancel pending"
    LEAVING = "on its way out"
    FLATTENED = "flattened"
    NOTHING_OPEN = "nothing open"
    RECOVERING = "while it recovered"


def steps(facts: Iterable[AnyPayload], trades: Iterable[Trade]) -> set[Step]:
    """Return at which steps the trades of a run are."""
    planned, over, accepted = set[str](), set[str](), set[str]()
    leaving = dict[str, ExitReason]()
    filled, stops = defaultdict[str, Decimal](Decimal), dict[str, Decimal]()
    for payload in facts:
        match payload:
            case BracketPlanned(trade_id=name):
                planned.add(name)
            case OrderAccepted(client_order_id=order_id):
                accepted.add(order_id)
            case OrderFilled(trade_id=name, last_qty=shares):
                filled[name] += shares
            case OrderUpdated(client_order_id=order_id, trigger_price=price):
                if price is not None:
                    stops[order_id] = price
            case ExitRequested(trade_id=name, reason=reason):
                leaving[name] = reason
            case TradeClosed(trade_id=name):
                over.add(name)
            case OrderRejected(trade_id=name, client_order_id=order_id):
                over |= {name} if order_id.endswith(OrderRole.ENTRY) else set()
            case _:
                pass
    known = {each.name: each for each in trades}
    found = {Step.BEFORE_SUBMIT for name in planned - over - known.keys()}
    for name, trade in known.items():
        if name not in over:
            found |= _steps_of(trade, accepted, filled[name], stops.get(f"{name}-stop_loss"))
            found |= {Step.LEAVING} if name in leaving else set()
            found |= {Step.FLATTENED} if leaving.get(name) is ExitReason.OPERATOR else set()
    return found or {Step.NOTHING_OPEN}


def _steps_of(trade: Trade, accepted: set[str], heard: Decimal, stop: Decimal | None) -> set[Step]:
    statuses = {order["status"] for order in trade.orders}
    entry = trade.entry
    executed = sum(abs(shares) for _, shares, _ in trade.fills)
    told = {
        Step.UNANSWERED: f"{trade.name}-entry" not in accepted,
        Step.FILL_UNHEARD: executed > heard,
        Step.ENTRY_WORKS: entry["status"] in {"pending_new", "new", "accepted"},
        Step.PARTLY_FILLED: entry["status"] == "partially_filled",
        Step.PROTECTED: entry["status"] == "filled" and trade.held > 0,
        Step.STOP_MOVES: _stop_moves(trade, stop),
        Step.CANCEL_THEN_SELL: entry["status"] == "filled" and _is_sold_unheard(trade, accepted),
        Step.CHANGE_PENDING: "pending_replace" in statuses,
        Step.CANCEL_PENDING: "pending_cancel" in statuses,
    }
    return {step for step, is_so in told.items() if is_so}


def _stop_moves(trade: Trade, known: Decimal | None) -> bool:
    """Say whether the venue has a stop where the process does not know it."""
    moved = [order for order in trade.orders if order["type"] == "stop" and order["replaces"]]
    last = max(moved, key=lambda order: order["created_at"], default=None)
    return last is not None and Decimal(last["stop_price"]) != known


def _is_sold_unheard(trade: Trade, accepted: set[str]) -> bool:
    """Say whether nothing of the bracket is left, and no sale is known to have been taken."""
    roles = {id(order): role(order) or "" for order in trade.orders}
    sales = {f"{trade.name}-{name}" for name in roles.values() if name.startswith("exit")}
    legs = [order for order in trade.orders if not roles[id(order)].startswith(("entry", "exit"))]
    is_gone = all(leg["canceled_at"] or leg["replaced_at"] for leg in legs)
    return bool(trade.held) and is_gone and not sales & accepted
