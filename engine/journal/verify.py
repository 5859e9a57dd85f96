"""Is the journal whole? Find the first fact that is not what it was when written."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Self

import msgspec

from engine.journal.chain import GENESIS, Record


class Damage(StrEnum):
    """What is wrong with a fact."""

    MISSING = "missing"
    OUT_OF_ORDER = "out_of_order"
    UNCHAINED = "unchained"
    ALTERED = "altered"
    CUT_OFF = "cut_off"
    ADDED = "added"


class Break(msgspec.Struct, frozen=True):
    """The first place where the chain does not hold."""

    seq: int
    damage: Damage
    detail: str

    def __str__(self) -> str:
        return f"fact {self.seq} is {self.damage.replace('_', ' ')}: {self.detail}"


class Verification(msgspec.Struct, frozen=True):
    """Outcome of a check: whole facts, the hash of the last of them, and the first break."""

    facts: int
    head: str
    broken: Break | None

    @property
    def clean(self) -> bool:
        """Whether every fact is as it was written."""
        return self.broken is None


class Standing(StrEnum):
    """How far what is read of a journal can be relied upon."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    BROKEN = "broken"


class Integrity(msgspec.Struct, frozen=True):
    """What a reader is told of the journal behind what it reads.

    Attributes
    ----------
    standing : Standing
    seq, hash : int, str
        The last fact that was found whole.
    since : int
        Facts up to this one were not looked at; 0 when all were.
    detail : str
        What is broken or unverified, and what to do; empty while all is verified.
    """

    standing: Standing
    seq: int
    hash: str
    since: int = 0
    detail: str = ""

    @classmethod
    def of(cls, found: Verification, *, since: int = 0) -> Self:
        """Return what a check says to a reader; ``since`` is the fact after which it began."""
        if found.broken is not None:
            detail = f"{found.broken}; restore the journal from a backup"
            return cls(Standing.BROKEN, found.facts, found.head, since, detail)
        if since:
            detail = f"facts 1 to {since:,} were not looked at; 'tradectl journal verify' does"
            return cls(Standing.UNVERIFIED, found.facts, found.head, since, detail)
        return cls(Standing.VERIFIED, found.facts, found.head)


def verify(
    records: Iterable[Record],
    head: str | None = None,
    *,
    facts: int | None = None,
    after: tuple[int, str] = (0, GENESIS),
) -> Verification:
    """Walk the chain and stop at the first break.

    Parameters
    ----------
    records : iterable of Record
        In the order in which they are stored.
    head : str, optional
        Hash of the last fact, kept elsewhere; without it a lost tail cannot be seen.
    facts : int, optional
        Its number, kept with it.
    after : (int, str)
        Number and hash of the fact before the first record; by default there is none.
    """
    count, last = after
    for record in records:
        broken = _examine(record, count + 1, last)
        if broken is None and facts is not None and record.seq > facts:
            detail = f"expected {facts} facts in all, found fact {record.seq}"
            broken = Break(record.seq, Damage.ADDED, detail)
        if broken is not None:
            return Verification(count, last, broken)
        count, last = record.seq, record.hash
    if facts is not None and count < facts:
        detail = f"expected {facts} facts, found {count}"
        return Verification(count, last, Break(count + 1, Damage.CUT_OFF, detail))
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
    try:
        expected = record.expected_hash()
    except (TypeError, ValueError, AttributeError, msgspec.MsgspecError) as error:
        return Break(seq, Damage.ALTERED, f"its content cannot be hashed: {error}")
    if record.hash != expected:
        detail = f"its content hashes to {expected[:12]}…, recorded was {record.hash[:12]}…"
        return Break(seq, Damage.ALTERED, detail)
    return None
