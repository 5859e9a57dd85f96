"""The reversion strategy: trade back to the VWAP what volume has carried far from it."""

from strategies.reversion.strategy import Reversion

__all__ = ["Reversion"]
