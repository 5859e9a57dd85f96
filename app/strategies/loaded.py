"""A stranger's class, loaded from its module: in the strategy's own process, never in a run's."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

from app.strategies.built_in import BUILT_IN
from app.strategies.found import Found, Step
from app.strategies.no_strategy import no_strategy
from app.strategies.parameters import parameter_list
from engine.domain.account import expect_name
from engine.domain.errors import ConfigError
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy


def load_strategy(source: str) -> type[TapeStrategy]:
    """Return the class ``module:Class``, if it is a strategy.

    A module is looked for in the current folder, on PYTHONPATH and among what is installed.

    Raises
    ------
    ConfigError
        It cannot be imported, or it is no strategy.
    """
    module, _, attribute = source.partition(":")
    return _checked(_imported(module, attribute), source)


def described(source: str, begin: Callable[[Step], None]) -> Found:
    """Return what a strategy says of itself; raises as ``load_strategy`` does.

    Parameters
    ----------
    begin : callable
        Told before each step that runs code of the strategy's.
    """
    begin(Step.MODULE)
    found = load_strategy(source)
    begin(Step.PARAMETERS)
    about = (found.__doc__ or "").strip().partition("\n")[0]
    parameters = parameter_list(found.Parameters)
    return Found(found.strategy_id, source, about, parameters, found.across_symbols)


def _imported(module: str, attribute: str) -> object:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # last: a folder there that is called as ours is not ours
    try:
        found = importlib.import_module(module)
    except BaseException as error:  # whatever a stranger's module raises
        raise ConfigError(
            f"module {module} cannot be imported from {here}, PYTHONPATH or what is installed: "
            f"{type(error).__name__}: {error}"
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


def _checked(found: object, source: str) -> type[TapeStrategy]:
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
    return found
