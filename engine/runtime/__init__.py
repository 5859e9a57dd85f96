"""The bridge: the pure core inside nautilus's engines."""

from engine.domain.fill_assumptions import LADDER, FillAssumptions, assumptions
from engine.runtime.attendant import Attendant, RecordedCommands
from engine.runtime.backtest import Engine, Progress, Scan, Stage, StrategyFactory, run_backtest
from engine.runtime.desk import Desk
from engine.runtime.desk_books import LiveTrade
from engine.runtime.desk_strategy import DeskStrategy
from engine.runtime.guard import Failures, guarded
from engine.runtime.outcome import DayOutcome, Outcome, OutcomeStatus

__all__ = [
    "LADDER",
    "Attendant",
    "DayOutcome",
    "Desk",
    "DeskStrategy",
    "Engine",
    "Failures",
    "FillAssumptions",
    "LiveTrade",
    "Outcome",
    "OutcomeStatus",
    "Progress",
    "RecordedCommands",
    "Scan",
    "Stage",
    "StrategyFactory",
    "assumptions",
    "guarded",
    "run_backtest",
]
