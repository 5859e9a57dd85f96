"""Hop 6: is the journal whole? Find the first fact that is not what it was when written."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from engine.journal.chain import GENESIS, Record


class Damage(StrEnum):
    """What is wrong with a fact."""

    MISSING = "missing"
    OUT_OF_ORDER = "out_of_order"
    UNCHAINED = "unchained"
    ALTERED = "altered"
    CUT_OFF = "cut_off"


class Break(msgspec.Struct, frozen=True):
    """The first place where the chain does not hold."""

    seq: int
    damage: Damage
    detail: str


class Verification(msgspec.Struct, frozen=True):
    """Outcome of a check: whole facts, the hash of the last of them, and the first break."""

    facts: int
    head: str
    broken: Break | None

    @property
    def clean(self) -> bool:
        """Whether every fact is as it was written."""
        return self.broken is None


def verify(records: Iterable[Record], head: str | None = None) -> Verification:
    """Walk the chain from its first fact and stop at the first break.

    Parameters
    ----------
    records : iterable of Record
        In the order in which they are stored.
    head : str, optional
        Hash of the last fact, kept elsewhere; without it a lost tail cannot be seen.
    """
    count, last = 0, GENESIS
    for record in records:
        broken = _examine(record, count + 1, last)
        if broken is not None:
            return Verification(count, last, broken)
        count, last = record.seq, record.hash
    if head is not None and last != head:
        detail = f"expected the last hash to be {head[:12]}…, found {last[:12]}…"
        return Verification(count, last, Break(count + 1, Damage.CUT_OFF, detail))
    return Verification(count, last, None)


def _examine(record: Record, seq: int, prev_hash: str) -> Break | None:
    if record.seq > seq:
        return Break(seq, Damage.MISSING, f"expected fact {seq}, found fact {record.seq}")
    if record.seq < seq:
        return Break(seq, Damage.OUT_OF_ORDER, f"expected fact {seq}, found fact {record.seq}")
    if record.prev_hash != prev_hash:
        detail = f"expected prev_hash {prev_hash[:12]}…, found {record.prev_hash[:12]}…"
        return Break(seq, Damage.UNCHAINED, detail)
    expected = record.expected_hash()
    if record.hash != expected:
        detail = f"its content hashes to {expected[:12]}…, recorded was {record.hash[:12]}…"
        return Break(seq, Damage.ALTERED, detail)
    return None
