"""Strategies by name: those that come with the engine, installed ones, and a stranger's."""

from app.strategies.built_in import BUILT_IN
from app.strategies.find import find_strategy, known_strategies
from app.strategies.found import Found
from app.strategies.hosted import Hosted, hosted, hosted_again

__all__ = [
    "BUILT_IN", "Found", "Hosted", "find_strategy", "hosted", "hosted_again", "known_strategies",
]  # fmt: skip
