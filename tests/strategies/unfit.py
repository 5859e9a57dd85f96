"""Classes that somebody may take for strategies, each wrong in a way of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from engine.signals.whole_tape.history import Need
from engine.signals.whole_tape.signals import Signals
from engine.signals.whole_tape.tape import Tape
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy
from tests.signals.shown_strategies import Breakout

VALUE = 3


class Plain:
    """Has all that is asked for, and is no strategy."""

    strategy_id = "plain"


class Nameless(TapeStrategy):
    """Has no name."""


class Shouting(Breakout):
    """Has a name that cannot stand in an id."""

    strategy_id = "LOUD"


class Silent(TapeStrategy):
    """Says nothing."""

    strategy_id = "silent"


class Blind(Breakout):
    """Is never shown the tape."""

    strategy_id = "blind"

    def signals(self) -> Signals:  # type: ignore[override]  # that it is wrong is the point
        """Say nothing."""
        raise RuntimeError


class Unsure(Breakout):
    """Says in words whether it looks across symbols."""

    strategy_id = "unsure"
    across_symbols: Any = "yes"


class Data(Breakout):
    """Has data where it is called."""

    strategy_id = "data"
    signals: Any = VALUE


class Later(Breakout):
    """Answers later."""

    strategy_id = "later"

    async def signals(self, tape: Tape) -> Signals:  # type: ignore[override]
        """Say it."""
        return super().signals(tape)


class Unmakeable(Breakout):
    """Cannot be made."""

    strategy_id = "unmakeable"

    def __init__(self, parameters: StrategyParameters | None = None) -> None:
        super().__init__(parameters)
        raise OSError("no licence")


class Alone(Breakout):
    """Takes no parameters."""

    strategy_id = "alone"

    def __init__(self) -> None:
        super().__init__()


class Forgetful(Breakout):
    """Does not keep its parameters."""

    strategy_id = "forgetful"

    def __init__(self, parameters: StrategyParameters | None = None) -> None:
        del parameters


class Wishful(Breakout):
    """Wants what nobody keeps."""

    strategy_id = "wishful"

    def needs(self) -> Sequence[Need]:
        """Say it."""
        return ["mean of volume"]  # type: ignore[list-item]


class Greedy(Breakout):
    """Fails when it is asked what it needs."""

    strategy_id = "greedy"

    def needs(self) -> Sequence[Need]:
        """Fail."""
        return [self.parameters.window]  # type: ignore[attr-defined]


class Deaf(Breakout):
    """Does not hear of the time."""

    strategy_id = "deaf"

    def react(self, trade: Any) -> Any:  # type: ignore[override]
        """Do nothing."""
        del trade


class Untyped(Breakout):
    """Has parameters of another kind."""

    strategy_id = "untyped"
    Parameters: ClassVar[Any] = dict


class _Demanding(StrategyParameters):
    window: int = Field(ge=1)


class Demanding(Breakout):
    """Has to be told something."""

    strategy_id = "demanding"
    Parameters: ClassVar[type[StrategyParameters]] = _Demanding
