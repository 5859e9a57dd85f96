"""A strategy made of its class, and looked at before a run rests on it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout

from app.strategies.find import Found
from app.strategies.no_strategy import no_strategy
from engine.domain.errors import ConfigError
from engine.domain.strategy import Strategy
from engine.signals.whole_tape.history import Need
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy

_CALLS = {
    "signals": ("tape",),
    "needs": (),
    "watches": ("plan",),
    "react": ("trade", "now"),
}
"""What of a strategy is called, and with what."""


def made_strategy(found: Found, parameters: StrategyParameters) -> Strategy:
    """Return a strategy with its parameters.

    Raises
    ------
    ConfigError
        It cannot be made, cannot be called as it will be, or says not what it needs.
    """
    if not issubclass(found.made_by, TapeStrategy):
        return found.made_by()
    made = _made(found.made_by, parameters, found.source)
    if not found.source:
        return made
    if getattr(made, "parameters", None) != parameters:
        raise no_strategy(found.source, "its __init__ has to hand its parameters to super()")
    for name, arguments in _CALLS.items():
        _expect_call(getattr(made, name), name, arguments, found.source)
    _expect_needs(made, found.source)
    return made


def _made(
    made_by: Callable[[StrategyParameters], TapeStrategy],
    parameters: StrategyParameters,
    source: str,
) -> TapeStrategy:
    try:
        with redirect_stdout(sys.stderr):
            return made_by(parameters)
    except (Exception, SystemExit) as error:
        raise no_strategy(source, f"it cannot be made, {_said(error)}") from error


def _expect_call(call: object, name: str, arguments: Sequence[str], source: str) -> None:
    expected = f"def {name}({', '.join(('self', *arguments))})"
    if not callable(call):
        raise no_strategy(source, f"{name} is {type(call).__name__}, expected {expected}")
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):  # compiled: nobody can tell
        return
    try:
        signature.bind(*arguments)
    except TypeError as error:
        raise no_strategy(
            source, f"it has {name}{signature}, expected {expected}: {error}"
        ) from error
    if inspect.iscoroutinefunction(call):
        raise no_strategy(source, f"{name} is asynchronous, expected {expected}")


def _expect_needs(made: TapeStrategy, source: str) -> None:
    try:
        with redirect_stdout(sys.stderr):
            needs: object = made.needs()
        listed: list[object] = list(needs)  # pyright: ignore[reportArgumentType, reportUnknownVariableType]
    except ConfigError as error:
        raise no_strategy(source, f"needs: {error}") from error
    except (Exception, SystemExit) as error:
        raise no_strategy(source, f"needs failed, {_said(error)}") from error
    for each in listed:
        if not isinstance(each, Need):
            raise no_strategy(
                source, f"needs has {each!r}, expected mean(…), highest(…), lowest(…) and the like"
            )


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
