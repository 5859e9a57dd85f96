"""Trading ideas as thin shells over ``engine.decision``."""

from strategies.ao import AoStrategy

__all__ = ["AoStrategy"]
