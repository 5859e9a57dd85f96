"""Trading ideas: what each sees over the whole tape, and how it looks after its trades.

One folder an idea; what a stranger needs to write one is here, too: subclass ``TapeStrategy``.
"""

from engine.signals.whole_tape.history import (
    Need,
    days_before,
    highest,
    lowest,
    matrix,
    mean,
    opening_high,
    opening_low,
    quotes,
)
from engine.signals.whole_tape.signals import Held, Signals, at_least, at_most
from engine.signals.whole_tape.tape import Tape
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy
from strategies.acceleration import Acceleration
from strategies.opening_range import OpeningRange
from strategies.reversion import Reversion

__all__ = [
    "Acceleration", "Held", "Need", "OpeningRange", "Reversion", "Signals", "StrategyParameters",
    "Tape", "TapeStrategy", "at_least", "at_most", "days_before", "highest", "lowest",
    "matrix", "mean", "opening_high", "opening_low", "quotes",
]  # fmt: skip
