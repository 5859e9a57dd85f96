"""What a stranger's strategy is, asked in its own process: its code never runs in that of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.strategies.found import Found, Made, Step
from app.strategies.workers.limits import (
    DESCRIBING_SECS,
    RECORDED,
    TRIAL_COMPUTING_SECS,
)
from app.strategies.workers.messages import Describe, Described, IsMade, Make, Refused
from app.strategies.workers.strategy_process import NoAnswer, StrategyProcesses
from engine.domain.errors import ConfigError


def described(source: str, processes: StrategyProcesses) -> Found:
    """Return what a strategy (``module:Class``) says of itself.

    Raises
    ------
    ConfigError
        It cannot be imported, is no strategy, does not return, or its process has ended.
    """
    return _answer(source, Describe(source), processes, Described).found


def made_outside(source: str, values: Mapping[str, Any], processes: StrategyProcesses) -> Made:
    """Return what a strategy says once it is made with some values of its parameters.

    Raises
    ------
    ConfigError
        It cannot be made, is no strategy, does not return, or its process has ended.
    """
    return _answer(source, Make(source, dict(values)), processes, IsMade).made


def _answer[Kind: (Described, IsMade)](
    source: str, asked: Describe | Make, processes: StrategyProcesses, kind: type[Kind]
) -> Kind:
    process = processes.taken(source)
    try:
        answer = process.answer(
            asked,
            (kind, Refused),
            wall_secs=DESCRIBING_SECS,
            computing_secs=TRIAL_COMPUTING_SECS,
            ending_secs=RECORDED.ending_secs,
        )
    except NoAnswer as error:
        step = Step(process.progress.read()[0])
        process.closed()
        raise ConfigError(
            f"strategy {source} cannot be hosted: {error}, while {step.words} was running; a "
            "module, its parameters, __init__ and needs() are to do nothing but to define what "
            "signals() will do: see docs/how-to/write-a-strategy.md"
        ) from error
    if isinstance(answer, kind):
        processes.give_back(source, process)
        return answer
    process.closed()
    raise ConfigError(answer.why)
