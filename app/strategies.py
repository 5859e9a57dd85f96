"""The strategies that can be hosted, by name: the only place that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from engine.domain.errors import ConfigError
from engine.domain.strategy import Strategy
from strategies import Acceleration

STRATEGIES: Mapping[str, Callable[[], Strategy]] = {Acceleration.strategy_id: Acceleration}
"""How each is made."""

HOSTED = (Acceleration.strategy_id,)
"""What a run hosts unless something else is asked for."""


def hosted_strategies(names: Sequence[str] = HOSTED) -> tuple[Strategy, ...]:
    """Return the strategies of these names, in this order.

    Raises
    ------
    ConfigError
        One is not known.
    """
    for name in names:
        if name not in STRATEGIES:
            near = get_close_matches(name, STRATEGIES, n=1)
            hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(STRATEGIES)}"
            raise ConfigError(f"no strategy is called {name}: {hint}")
    return tuple(STRATEGIES[name]() for name in names)
