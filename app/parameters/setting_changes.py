"""What differs between two ways to trade: the account's parameters, strategies' own, weights."""

from __future__ import annotations

from collections.abc import Iterator

from app.parameters.preview import Traded
from engine.domain.facts import Member, ParamChange
from engine.domain.parameters.changes import differences


def setting_changes(before: Traded, after: Traded) -> tuple[ParamChange, ...]:
    """Return every value that differs; a strategy's as ``NAME.key``, its share as ``NAME.weight``.

    Both sides host the same strategies.
    """
    sides = before.hosted.ensemble.members, after.hosted.ensemble.members
    own = [
        change for was, will in zip(*sides, strict=True) for change in _member_changes(was, will)
    ]
    return (*differences(before.params, after.params), *own)


def _member_changes(before: Member, after: Member) -> Iterator[ParamChange]:
    old, new = before.parameters | before.bracket, after.parameters | after.bracket
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            yield ParamChange(f"{before.strategy_id}.{key}", old.get(key), new.get(key))
    if before.weight != after.weight:
        yield ParamChange(f"{before.strategy_id}.weight", before.weight, after.weight)
