"""The hub: the one writer of a run, its books, its guardian; pure."""

from engine.hub.attendant import Attendant, RecordedCommands
from engine.hub.books import Books, LiveTrade
from engine.hub.desk import Desk
from engine.hub.outcome import DayOutcome, Outcome, OutcomeStatus

__all__ = [
    "Attendant",
    "Books",
    "DayOutcome",
    "Desk",
    "LiveTrade",
    "Outcome",
    "OutcomeStatus",
    "RecordedCommands",
]
