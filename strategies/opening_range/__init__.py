"""The opening range strategy: enter what breaks the range of the first minutes."""

from strategies.opening_range.strategy import OpeningRange

__all__ = ["OpeningRange"]
