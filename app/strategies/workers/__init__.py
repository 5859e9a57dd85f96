"""Strangers' strategies, each in a process of its own that may hang, leak or die."""

from app.strategies.workers.asked_outside import described, made_outside
from app.strategies.workers.limits import LIVE, RECORDED, Limits
from app.strategies.workers.looks_outside import Looks
from app.strategies.workers.outside import AskedOutside, Stranger
from app.strategies.workers.strategy_process import StrategyProcesses
from app.strategies.workers.watched_outside import WatchedOutside

__all__ = [
    "LIVE", "RECORDED", "AskedOutside", "Limits", "Looks", "Stranger", "StrategyProcesses",
    "WatchedOutside", "described", "made_outside",
]  # fmt: skip
