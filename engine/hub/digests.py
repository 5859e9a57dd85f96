"""Two hashes by which two runs are compared: what was decided, and what was filled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from engine.accounting import Fill
from engine.decision import BucketDecision

_encode = msgspec.msgpack.Encoder(decimal_format="string").encode


class DecisionDigest:
    """Candidates and breadth of each day, then its verdicts and plans in order."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()

    def add_day(self, candidate_digest: str, decisions: Iterable[BucketDecision]) -> None:
        """Take a day that was played."""
        self._sha.update(candidate_digest.encode())
        for decision in decisions:
            if decision.verdicts:
                self._sha.update(_encode(decision))

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
            order = msgspec.structs.replace(fill.order, venue_trade_id="")
            self._sha.update(_encode((fill.ts_event, order)))

    def hexdigest(self) -> str:
        """Return the sha256 of all fills so far."""
        return self._sha.hexdigest()
