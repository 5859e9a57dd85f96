"""Under which numbers a run's facts are kept, as far as others are to name them as their cause."""

from __future__ import annotations

from collections.abc import Mapping

from engine.domain.facts import CommandReceived, DayStarted, Fact, OrderSubmitted


class Causes:
    """Folds facts into the number that the next fact of a trade, or of a command, follows from."""

    def __init__(self) -> None:
        self._trades: dict[str, int] = {}
        self._commands: dict[str, int] = {}

    def of_trade(self, trade_id: str) -> int | None:
        """Return the last fact of a trade from which the next one follows; None before the first.

        Submissions are caused alike by the plan or request behind them, so they cause nothing.
        """
        return self._trades.get(trade_id)

    def of_command(self, command_id: str) -> int | None:
        """Return under which number a command was recorded, None if it was not."""
        return self._commands.get(command_id)

    def renumber(self, moved: Mapping[int, int]) -> None:
        """Learn that facts were kept under other numbers than they were folded with."""
        for known in (self._trades, self._commands):
            known.update({name: moved.get(seq, seq) for name, seq in known.items()})

    def fold(self, fact: Fact) -> None:
        """Take one fact."""
        payload, trade_id = fact.payload, fact.correlation_id
        if isinstance(payload, DayStarted):
            self._trades.clear()
        elif isinstance(payload, CommandReceived):
            self._commands[payload.command_id] = fact.seq
        if trade_id is not None and not isinstance(payload, OrderSubmitted):
            self._trades[trade_id] = fact.seq
