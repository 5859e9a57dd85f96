"""Why a candidate is not traded, as a value."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class RefusalReason(StrEnum):
    """What stopped a qualified candidate, in the order in which the questions are put."""

    DAY_NOT_STARTED = "day_not_started"
    GOVERNOR_HALTED = "governor_halted"
    DONE_TARGET = "done_target"
    DONE_LOSS = "done_loss"
    FLATTENING = "flattening"
    NO_ENTRY_AFTER = "no_entry_after"
    WARMUP = "warmup"
    MAX_TRADES = "max_trades"
    COOLDOWN = "cooldown"
    SYMBOL_IN_TRADE = "symbol_in_trade"
    SYMBOL_LOCKED = "symbol_locked"
    SYMBOL_HALTED = "symbol_halted"
    TOO_LATE = "too_late"
    TAPE_INCOMPLETE = "tape_incomplete"
    OPPOSED = "opposed"
    TOO_WEAK = "too_weak"
    JOINED = "joined"
    NOT_CONFIDENT = "not_confident"
    NO_FREE_SLOT = "no_free_slot"
    OUTRANKED = "outranked"
    NOT_SHORTABLE = "not_shortable"
    NO_ROOM = "no_room"
    NOTIONAL_CAP = "notional_cap"
    TOO_SMALL = "too_small"


class Refused(msgspec.Struct, frozen=True):
    """A refusal: the reason to count by, and the numbers behind it to read."""

    reason: RefusalReason
    detail: str
