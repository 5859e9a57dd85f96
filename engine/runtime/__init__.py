"""The pure core inside nautilus's engines."""

from engine.runtime.backtest.run import (
    Engine,
    Progress,
    Scan,
    Stage,
    StrategyFactory,
    run_backtest,
)
from engine.runtime.bridge.guard import Failures, guarded
from engine.runtime.bridge.hub_strategy import DeskStrategy

__all__ = [
    "DeskStrategy",
    "Engine",
    "Failures",
    "Progress",
    "Scan",
    "Stage",
    "StrategyFactory",
    "guarded",
    "run_backtest",
]
