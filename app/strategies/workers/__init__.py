"""Strangers' strategies, each in a process of its own that may hang, leak or die."""

from app.strategies.workers.limits import LIVE, RECORDED, Limits
from app.strategies.workers.outside import AskedOutside, Stranger
from app.strategies.workers.strategy_process import StrategyProcesses

__all__ = ["LIVE", "RECORDED", "AskedOutside", "Limits", "Stranger", "StrategyProcesses"]
