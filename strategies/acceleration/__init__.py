"""The acceleration strategy: enter what accelerates, trail its stop."""

from strategies.acceleration.strategy import Acceleration

__all__ = ["Acceleration"]
