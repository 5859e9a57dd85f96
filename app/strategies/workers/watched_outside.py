"""How a stranger's strategy looks after its open trades, asked in a process of its own."""

from __future__ import annotations

import weakref
from multiprocessing.connection import wait
from typing import Any, cast

from app.strategies.workers.limits import COMPUTING_SECS, RECORDED, TRIAL_SECS, Limits
from app.strategies.workers.messages import Begin, Fails, IsWatched, Look, Reacts
from app.strategies.workers.strategy_process import NoAnswer, StrategyProcess, TooLate
from engine.domain.bracket import BracketPlan
from engine.domain.errors import StrategyError
from engine.domain.strategy import ActiveTrade, Reaction


class WatchedOutside:
    """Stands for a strategy's ``watches`` and ``react``; an answer is waited for a bounded time.

    Parameters
    ----------
    strategy_id : str
    source : str
        ``module:Class``.
    parameters : dict
        Its own, as JSON.
    """

    def __init__(self, strategy_id: str, source: str, parameters: dict[str, Any]) -> None:
        self._strategy_id = strategy_id
        self._begin = Begin(source, parameters, None, notes_looks=False)
        self._limits = RECORDED
        self._process: StrategyProcess | None = None
        self._is_watched: dict[str, bool] = {}

    def start(self, limits: Limits) -> None:
        """Start the process, so that nobody waits for that later; what is wrong is said later."""
        self._limits = limits
        if self._process is None:
            self._process = process = StrategyProcess()
            weakref.finalize(self, process.closed)
            process.line.send(self._begin)

    def watches(self, plan: BracketPlan) -> bool:
        """Say whether ``react`` may have anything to do; asked once for a trade.

        Raises
        ------
        StrategyError
            It raised, did not return, or its process has ended.
        """
        if plan.trade_id not in self._is_watched:
            self._is_watched[plan.trade_id] = bool(self._answer(IsWatched(plan)))
        return self._is_watched[plan.trade_id]

    def react(self, trade: ActiveTrade, now: int) -> Reaction:
        """Return what to do about an open trade; raises as ``watches`` does."""
        return cast("Reaction", self._answer(Look(trade, now)))

    def _answer(self, asked: IsWatched | Look) -> Any:
        self.start(self._limits)
        assert self._process is not None  # noqa: S101 - it has been started
        secs = self._limits.bucket_secs
        try:
            answer = self._process.answer(
                asked,
                (Reacts, Fails),
                wall_secs=secs,
                computing_secs=COMPUTING_SECS,
                ending_secs=self._limits.ending_secs,
            )
        except TooLate as error:
            raise StrategyError(self._strategy_id, f"{error} when asked about a trade") from None
        except NoAnswer as error:
            raise StrategyError(self._strategy_id, str(error)) from None
        if isinstance(answer, Fails):
            raise StrategyError(self._strategy_id, answer.why)
        return answer.answer

    def ready(self) -> None:
        """Wait until the process can be asked."""
        if self._process is not None:
            wait([self._process.line.end], TRIAL_SECS)
