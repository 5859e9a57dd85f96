"""A strategy by its name, an entry point or ``module:Class``; strangers are asked what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points

from app.strategies.built_in import BUILT_IN
from app.strategies.found import Found
from app.strategies.parameters import parameter_list
from app.strategies.workers import StrategyProcesses, described
from engine.domain.errors import ConfigError
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy

GROUP = "tradectl.strategies"
"""Entry points under which an installed package names its strategies."""


def known_strategies() -> dict[str, Found | ConfigError]:
    """Return the strategies that can be asked for by a name alone.

    An installed one that cannot be loaded stands with what is wrong with it.
    """
    found: dict[str, Found | ConfigError] = {name: _built_in(name) for name in BUILT_IN}
    points = [point for point in entry_points(group=GROUP) if point.name not in found]
    processes = StrategyProcesses()
    processes.start(point.value for point in points)
    for point in points:
        try:
            found[point.name] = _installed(point, processes)
        except ConfigError as error:
            found[point.name] = error
    return found


def find_strategy(name: str) -> Found:
    """Return a strategy by its name or as ``module:Class``; raises as ``find_strategies`` does."""
    (found,) = find_strategies([name], StrategyProcesses())
    return found


def find_strategies(names: Sequence[str], processes: StrategyProcesses) -> list[Found]:
    """Return strategies by their names, or as ``module:Class``.

    A module is looked for in the current folder, on PYTHONPATH and among what is installed. It is
    never imported here: one of ``processes`` does that, and is kept to be asked about a day.

    Raises
    ------
    ConfigError
        There is none of that name, it cannot be imported, does not return, or is no strategy.
    """
    points = {point.name: point for point in entry_points(group=GROUP)}
    found: list[tuple[str, Callable[[], Found]]] = [
        _place(name, points, processes) for name in names
    ]
    processes.start(source for source, _ in found if source)
    return [find() for _, find in found]


def _place(
    name: str, points: dict[str, EntryPoint], processes: StrategyProcesses
) -> tuple[str, Callable[[], Found]]:
    """Return where a strategy is to be found, and who finds it there."""
    if name in BUILT_IN:
        return "", lambda: _built_in(name)
    if ":" in name:
        return name, lambda: described(name, processes)
    if name in points:
        return points[name].value, lambda: _installed(points[name], processes)
    known = [*BUILT_IN, *points]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}" if near else f"choose from {', '.join(known)}"
    raise ConfigError(f"no strategy is called {name}: {hint}; or give one as module:Class")


def _built_in(name: str) -> Found:
    made_by = BUILT_IN[name]
    model = made_by.Parameters if issubclass(made_by, TapeStrategy) else StrategyParameters
    about = (made_by.__doc__ or "").strip().partition("\n")[0]
    across = issubclass(made_by, TapeStrategy) and made_by.across_symbols
    return Found(name, "", about, parameter_list(model), across_symbols=across)


def _installed(point: EntryPoint, processes: StrategyProcesses) -> Found:
    try:
        return described(point.value, processes)
    except ConfigError as error:
        raise ConfigError(
            f"strategy {point.name} ({point.value}) cannot be loaded: {error}"
        ) from error
