"""A stranger's strategy made of its class, and looked at before a run rests on it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.strategies.found import Made, Step
from app.strategies.loaded import load_strategy
from app.strategies.no_strategy import no_strategy
from app.strategies.parameters import parameters_with
from engine.domain.errors import ConfigError
from engine.signals.whole_tape.history import Need
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy

_CALLS = {
    "signals": ("tape",),
    "needs": (),
    "watches": ("plan",),
    "react": ("trade", "now"),
}
"""What of a strategy is called, and with what."""


def made_strategy(source: str, values: Mapping[str, Any], begin: Callable[[Step], None]) -> Made:
    """Return what is known of a strategy once it is made with some values of its parameters.

    Parameters
    ----------
    begin : callable
        Told before each step that runs code of the strategy's.

    Raises
    ------
    ConfigError
        It cannot be loaded or made, cannot be called as it will be, or says not what it needs.
    """
    begin(Step.MODULE)
    found = load_strategy(source)
    begin(Step.PARAMETERS)
    parameters = parameters_with(found.Parameters, found.strategy_id, values)
    begin(Step.MAKING)
    made = _made(found, parameters, source)
    if getattr(made, "parameters", None) != parameters:
        raise no_strategy(source, "its __init__ has to hand its parameters to super()")
    for name, arguments in _CALLS.items():
        _expect_call(getattr(made, name), name, arguments, source)
    begin(Step.NEEDS)
    own = found.watches, found.react
    return Made(
        parameters.model_dump(mode="json"),
        parameters.own(),
        parameters.bracket(),
        _needs(made, source),
        own != (TapeStrategy.watches, TapeStrategy.react),
    )


def _made(
    made_by: Callable[[StrategyParameters], TapeStrategy],
    parameters: StrategyParameters,
    source: str,
) -> TapeStrategy:
    try:
        return made_by(parameters)
    except BaseException as error:  # whatever a stranger's code raises
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


def _needs(made: TapeStrategy, source: str) -> tuple[Need, ...]:
    try:
        needs: object = made.needs()
        listed: list[object] = list(needs)  # pyright: ignore[reportArgumentType, reportUnknownVariableType]
    except ConfigError as error:
        raise no_strategy(source, f"needs: {error}") from error
    except BaseException as error:  # whatever a stranger's code raises
        raise no_strategy(source, f"needs failed, {_said(error)}") from error
    wanted: list[Need] = []
    for each in listed:
        if not isinstance(each, Need):
            raise no_strategy(
                source, f"needs has {each!r}, expected mean(…), highest(…), lowest(…) and the like"
            )
        wanted.append(each)
    return tuple(wanted)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
