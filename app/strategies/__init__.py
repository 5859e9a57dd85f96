"""Strategies by name: those that come with the engine, installed ones, and a stranger's."""

from app.strategies.find import BUILT_IN, Found, find_strategy, known_strategies
from app.strategies.hosted import Hosted, hosted, hosted_again

__all__ = [
    "BUILT_IN", "Found", "Hosted", "find_strategy", "hosted", "hosted_again", "known_strategies",
]  # fmt: skip
