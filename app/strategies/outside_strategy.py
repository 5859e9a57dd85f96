"""What stands for a stranger's strategy in a run: its code is asked in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence

from app.strategies.found import Found, Made
from app.strategies.workers import WatchedOutside
from engine.signals.whole_tape.history import Need
from engine.signals.whole_tape.signals import Signals
from engine.signals.whole_tape.tape import Tape
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy


class OutsideStrategy(TapeStrategy):
    """A strategy over the tape whose code is not in this process.

    Attributes
    ----------
    source : str
        ``module:Class``.
    values : dict
        Its parameters, as JSON.
    watch : WatchedOutside or None
        Looks after its trades, if it does so itself.
    """

    def __init__(self, found: Found, made: Made) -> None:
        super().__init__(StrategyParameters.model_validate(made.bracket))
        self.strategy_id = found.strategy_id
        self.across_symbols = found.across_symbols
        self.source = found.source
        self.values = made.values
        self._needs = made.needs
        self.watch: WatchedOutside | None = None
        if made.watches:
            self.watch = WatchedOutside(found.strategy_id, found.source, made.values)
            self.watches, self.react = self.watch.watches, self.watch.react

    def needs(self) -> Sequence[Need]:
        """Return what of the past is to be kept for it."""
        return self._needs

    def signals(self, tape: Tape) -> Signals:
        """Refuse to be asked here."""
        del tape
        raise RuntimeError(f"{self.source} is asked in a process of its own: give make_source")
