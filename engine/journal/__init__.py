"""What happened in a run, kept in order, chained and never changed."""

from engine.journal.chain import GENESIS, Record, fact_of, kind_of, record_of, seal
from engine.journal.lease import BEAT_SECS, HeldLease, HolderBeat, StandbyBeat, WatchedLease
from engine.journal.log import (
    DROPPED,
    WRITE_AHEAD,
    Journal,
    JournalReader,
    JournalWriter,
    Report,
)
from engine.journal.memory import MemoryJournal
from engine.journal.resumed import ResumedJournal
from engine.journal.unpersisted import UnpersistedFacts
from engine.journal.verify import Break, Damage, Integrity, Standing, Verification, verify
from engine.journal.waiting import HoldingJournal, WaitingJournal

__all__ = [
    "BEAT_SECS",
    "DROPPED",
    "GENESIS",
    "WRITE_AHEAD",
    "Break",
    "Damage",
    "HeldLease",
    "HolderBeat",
    "HoldingJournal",
    "Integrity",
    "Journal",
    "JournalReader",
    "JournalWriter",
    "MemoryJournal",
    "Record",
    "Report",
    "ResumedJournal",
    "StandbyBeat",
    "Standing",
    "UnpersistedFacts",
    "Verification",
    "WaitingJournal",
    "WatchedLease",
    "fact_of",
    "kind_of",
    "record_of",
    "seal",
    "verify",
]
