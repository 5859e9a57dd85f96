"""Two runs, decision by decision: what differs, and why."""

from __future__ import annotations

from engine.comparison.causes import explain
from engine.comparison.difference import Comparison, Difference, Kind
from engine.comparison.findings import (
    Finding,
    fills_apart,
    findings,
    matched_decisions,
    matched_fills,
)
from engine.comparison.inputs import Inputs
from engine.comparison.story import Story
from engine.domain.account import ACCELERATION
from engine.domain.candidate import Side


def compare(first: Story, second: Story) -> Comparison:
    """Return every difference on the days that both runs played, each with its one cause.

    Decisions are matched by bucket, symbol, side and strategy, everything after them by trade and
    role. What belongs to a trade that only one run planned is no difference beside that of its
    decision; that it was filled in one run alone is counted.
    """
    inputs, found = Inputs(first, second), list[Difference]()
    for each in findings(first, second):
        explained = explain(each, inputs, found)
        found.append(
            Difference(
                number=len(found) + 1,
                ts=each.ts,
                kind=each.kind,
                symbol=each.symbol,
                what=_what(each),
                trade_id=each.trade_id,
                role=each.role,
                only_in=each.only_in,
                values=each.values,
                cause=explained.cause,
                because=explained.because,
                earlier=explained.earlier,
            )
        )
    days = first.day_equity.keys() | second.day_equity.keys()
    common = first.day_equity.keys() & second.day_equity.keys()
    return Comparison(
        runs=(first.run_id, second.run_id),
        days=tuple(sorted(common)),
        other_days=tuple(sorted(days - common)),
        decisions=matched_decisions(first, second),
        fills=matched_fills(first, second),
        fills_apart=fills_apart(first, second),
        judged=first.judged_from is not None and second.judged_from is not None,
        differences=tuple(found),
    )


def _what(found: Finding) -> str:
    if found.kind is Kind.DECISION:
        _, symbol, side, owner = found.key
        whose = "" if owner == ACCELERATION else f" of {owner}"
        return f"{Side(side).name.lower()} {symbol}{whose}"
    role = "" if found.role is None else f" {found.role}"
    return f"{found.trade_id}{role}"
