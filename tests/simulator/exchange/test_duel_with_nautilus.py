"""Any tape, any commands: nautilus's venue and the look-alike fill the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulator.exchange.duel import (
    Plan,
    Row,
    Say,
    by_nautilus,
    by_the_look_alike,
    last_print,
)

QUOTED = Row(-1000, Decimal("99.95"), Decimal("100.05"))
PRINTED = Row(-990, Decimal(100), Decimal(100))

cents = st.integers(9_940, 10_060).map(lambda each: Decimal(each) / 100)
widths = st.integers(1, 20).map(lambda each: Decimal(each) / 100)
distances = st.integers(5, 50).map(lambda each: Decimal(each) / 100)


@st.composite
def tapes(draw: st.DrawFn) -> list[Row]:
    """Draw quotes, prints and halts; in a halt nothing counts. Instants may coincide."""
    rows, ms, halted = [QUOTED, PRINTED], -900, False
    for _ in range(draw(st.integers(5, 40))):
        ms += draw(st.sampled_from([1, 10, 50, 100, 300, 1_000, 3_000]))
        kind = draw(st.sampled_from("qqqqpppph"))
        if kind == "h":
            halted = not halted
            rows.append(Row(ms, halted=halted))
        elif kind == "q":
            bid = draw(cents)
            rows.append(Row(ms, bid, bid + draw(widths)))
        else:
            price = draw(cents)
            rows.append(Row(ms, price, price))
    return rows


@st.composite
def plans(draw: st.DrawFn, last: Decimal) -> Plan:
    """Draw a bracket that Alpaca takes, entered at the market or at a limit, near it or in it.

    The stop lies beyond the last print and the limit, the target beyond the limit or else the
    last print; nautilus's venue knows no such rule.
    """
    buys, limit = draw(st.booleans()), draw(st.none() | cents)
    way, base = 1 if buys else -1, last if limit is None else limit
    stop = min(way * last, way * base) - draw(distances)
    return Plan(buys, limit, base + way * draw(distances), way * stop)


@st.composite
def commands(draw: st.DrawFn, plan: Plan) -> list[Say]:
    """Draw what is said after the entry: no move to where an order is, none of a leg to the other.

    Alpaca refuses the first; of two legs at one price either may fill first.
    """
    says, ms = [Say(0, "enter")], 0
    limits = ["target"] if plan.limit is None else ["target", "entry"]
    way = 1 if plan.buys else -1
    held = {"entry": plan.limit, "target": plan.target, "stop": plan.stop}
    for _ in range(draw(st.integers(0, 6))):
        ms += draw(st.sampled_from([50, 100, 500, 1_000, 5_000]))
        kind = draw(st.sampled_from(["cancel", "stop", "stop", "limit", "limit", "exit"]))
        if kind == "cancel":
            says.append(Say(ms, "cancel", draw(st.sampled_from(["entry", "stop", "target"]))))
        elif kind == "exit":
            says.append(Say(ms, "exit"))
        else:
            role = "stop" if kind == "stop" else draw(st.sampled_from(limits))
            price = draw(cents)
            moved = held | {role: price}
            if price != held[role] and way * moved["target"] > way * moved["stop"]:
                held = moved
                says.append(Say(ms, "move", role, price))
    return says


elsewhere = st.lists(st.integers(1, 400).map(lambda each: each * 50), max_size=20, unique=True)
"""Milliseconds at which another stock is bought."""


@pytest.mark.parametrize("fills", ["optimistic", "base", "pessimistic"])
@settings(max_examples=60)
@given(tape=tapes(), elsewhere=elsewhere, data=st.data())
def test_fills_are_the_same_whatever_comes_due_in_another_stock(
    fills: str, tape: list[Row], elsewhere: list[int], data: st.DataObject
) -> None:
    plan = data.draw(plans(last_print(tape)))
    says = data.draw(commands(plan))

    expected = by_nautilus(plan, tape, says, fills, elsewhere)
    assert by_the_look_alike(plan, tape, says, fills) == expected


def test_a_bracket_is_entered_moved_and_left() -> None:
    plan = Plan(True, None, Decimal(103), Decimal("98.50"))
    says = [
        Say(0, "enter"),
        Say(5_000, "move", "stop", Decimal(99)),
        Say(9_000, "move", "target", Decimal(98)),
    ]

    fills = by_the_look_alike(plan, [QUOTED, PRINTED], says, "base")

    assert fills == [("entry", Decimal("100.05"), 50), ("target", Decimal("99.95"), 9_050)]
    assert fills == by_nautilus(plan, [QUOTED, PRINTED], says, "base")
