"""Trading ideas: what each wants to enter, and how it looks after its trades."""

from strategies.acceleration import Acceleration

__all__ = ["Acceleration"]
