"""A strategy by its name, an entry point or ``module:Class``: the only place that finds them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from app.strategies.no_strategy import no_strategy
from engine.domain.account import expect_name
from engine.domain.errors import ConfigError
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy
from strategies import Acceleration, OpeningRange, Reversion

GROUP = "tradectl.strategies"
"""Entry points under which an installed package names its strategies."""

type StrategyClass = type[Acceleration | TapeStrategy]

BUILT_IN: Mapping[str, StrategyClass] = {
    each.strategy_id: each for each in (Acceleration, Reversion, OpeningRange)
}
"""Those that come with the engine."""


@dataclass(frozen=True, slots=True)
class Found:
    """A strategy's class, and where it was found: ``module:Class``, empty for a built-in one."""

    made_by: StrategyClass
    source: str

    @property
    def strategy_id(self) -> str:
        """Name of the strategy."""
        return self.made_by.strategy_id

    @property
    def about(self) -> str:
        """First line of what its author says of it."""
        return (self.made_by.__doc__ or "").strip().partition("\n")[0]


def known_strategies() -> dict[str, Found | ConfigError]:
    """Return the strategies that can be asked for by a name alone.

    An installed one that cannot be loaded stands with what is wrong with it.
    """
    found: dict[str, Found | ConfigError] = {
        name: Found(each, "") for name, each in BUILT_IN.items()
    }
    for point in entry_points(group=GROUP):
        if point.name not in found:
            try:
                found[point.name] = _loaded(point)
            except ConfigError as error:
                found[point.name] = error
    return found


def find_strategy(name: str) -> Found:
    """Return a strategy by its name or as ``module:Class``.

    A module is looked for in the current folder, on PYTHONPATH and among what is installed.

    Raises
    ------
    ConfigError
        There is none of that name, it cannot be imported, or it is no strategy.
    """
    if name in BUILT_IN:
        return Found(BUILT_IN[name], "")
    if ":" in name:
        module, _, attribute = name.partition(":")
        return _checked(_imported(module, attribute), name)
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name in points:
        return _loaded(points[name])
    known = [*BUILT_IN, *points]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}" if near else f"choose from {', '.join(known)}"
    raise ConfigError(f"no strategy is called {name}: {hint}; or give one as module:Class")


def _loaded(point: EntryPoint) -> Found:
    try:
        with redirect_stdout(sys.stderr):
            made_by = point.load()
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"strategy {point.name} ({point.value}) cannot be loaded: {_said(error)}"
        ) from error
    return _checked(made_by, point.value)


def _imported(module: str, attribute: str) -> object:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # last: a folder there that is called as ours is not ours
    try:
        with redirect_stdout(sys.stderr):  # what it prints is no answer of ours
            found = importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"module {module} cannot be imported from {here}, PYTHONPATH or what is installed: "
            f"{_said(error)}"
        ) from error
    if not hasattr(found, attribute):
        names = [
            name
            for name, value in vars(found).items()
            if isinstance(value, type)
            and issubclass(value, TapeStrategy)
            and value.__module__ == module
        ]
        hint = f"it has {', '.join(names)}" if names else "it has no strategy"
        if not names and Path(here, module.partition(".")[0]).is_dir():
            hint += f"; if you mean the folder {module} here, rename it: the name is taken"
        raise ConfigError(f"module {module} has no {attribute or 'class'}: {hint}")
    return getattr(found, attribute)


def _checked(found: object, source: str) -> Found:
    """Return what was found if it is a strategy: a class with a name that says what it sees."""
    if not (isinstance(found, type) and issubclass(found, TapeStrategy)):
        what = f"class {found.__name__}" if isinstance(found, type) else type(found).__name__
        raise no_strategy(source, f"expected a subclass of TapeStrategy, found {what}")
    strategy_id: object = getattr(found, "strategy_id", None)
    if not isinstance(strategy_id, str):
        raise no_strategy(source, 'it has no name: add strategy_id = "my_name" to the class')
    try:
        expect_name("a strategy", strategy_id)
    except ConfigError as error:
        raise no_strategy(source, f"strategy_id: {error}") from error
    if strategy_id in BUILT_IN:
        raise no_strategy(
            source, f"it is called {strategy_id}, as one that comes with the engine is"
        )
    across: object = found.across_symbols
    if not isinstance(across, bool):
        raise no_strategy(source, f"across_symbols is {across!r}, expected True or False")
    if found.signals is TapeStrategy.signals:
        raise no_strategy(source, "it has no signals: add def signals(self, tape) -> Signals")
    own: object = found.Parameters
    if not (isinstance(own, type) and issubclass(own, StrategyParameters)):
        raise no_strategy(source, "its Parameters have to be a subclass of StrategyParameters")
    return Found(found, source)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
