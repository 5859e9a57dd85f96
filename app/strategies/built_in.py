"""The strategies that come with the engine."""

from __future__ import annotations

from collections.abc import Mapping

from engine.signals.whole_tape.tape_strategy import TapeStrategy
from strategies import Acceleration, OpeningRange, Reversion

type StrategyClass = type[Acceleration | TapeStrategy]

BUILT_IN: Mapping[str, StrategyClass] = {
    each.strategy_id: each for each in (Acceleration, Reversion, OpeningRange)
}
