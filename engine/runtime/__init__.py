"""The pure core inside nautilus's engines."""

from engine.runtime.backtest.run import (
    Engine,
    Progress,
    Scan,
    Stage,
    run_backtest,
)
from engine.runtime.bridge.guard import Failures, guarded
from engine.runtime.bridge.hub_strategy import HubStrategy

__all__ = [
    "Engine",
    "Failures",
    "HubStrategy",
    "Progress",
    "Scan",
    "Stage",
    "guarded",
    "run_backtest",
]
