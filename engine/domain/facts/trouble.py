"""What keeps entries back, and what needs a person."""

from __future__ import annotations

from enum import StrEnum

from engine.domain.facts.payload import Payload


class SymbolLocked(Payload, frozen=True, tag="symbol_locked"):
    symbol: str
    reason: str


class SymbolUnlocked(Payload, frozen=True, tag="symbol_unlocked"):
    symbol: str


class EntriesHeld(Payload, frozen=True, tag="entries_held"):
    """Something is wrong, a feed or the books: nothing is entered until it is over."""

    trouble: str
    detail: str


class EntriesReleased(Payload, frozen=True, tag="entries_released"):
    """The trouble of that name is over."""

    trouble: str


class GapBackfilled(Payload, frozen=True, tag="gap_backfilled"):
    """Market data that nobody heard from ``start_ns`` to ``end_ns`` (UTC ns) was fetched later.

    ``symbols`` were asked for; ``trades`` and ``quotes`` of theirs were taken that had not come by
    themselves. What the scanner said meanwhile it said without them; not ``complete``, still does.
    """

    start_ns: int
    end_ns: int
    symbols: int
    trades: int
    quotes: int
    complete: bool


class BucketIncomplete(Payload, frozen=True, tag="bucket_incomplete"):
    """A bucket was decided without some slots of the alphabet: nothing was entered on it.

    ``ts`` is the end of the bucket (UTC ns), ``slots`` those that had said nothing in time.
    """

    ts: int
    slots: tuple[str, ...]


class Alarm(StrEnum):
    """What needs a person."""

    NOT_FLAT = "not_flat"
    """The day's end, or what is left of an order to end it, does not come to be."""
    EXIT_HELD_UP = "exit_held_up"
    """A trade that is to be closed is still open, by a halt or for want of a fill."""
    POSITIONS_DIFFER = "positions_differ"
    """Venue and ledger disagree on what is held: somebody traded it by hand."""
    JOURNAL_BROKEN = "journal_broken"
    """The facts of a run are not those that were written: it is quarantined."""
    UNPROTECTED = "unprotected"
    """Shares have no stop at the venue; they are sold."""


class AlarmRaised(Payload, frozen=True, tag="alarm_raised"):
    """Something needs a person."""

    alarm: Alarm
    detail: str
