"""The strategies of a run over time, folded from its facts."""

from __future__ import annotations

from engine.domain.ensemble import ACCELERATION_ALONE, ENGINE, Ensemble
from engine.domain.facts import EnsembleChanged
from engine.domain.parameters.versions import FIRST


class EnsembleHistory:
    """Which strategies are on at any bucket.

    Parameters
    ----------
    first : Ensemble
        What holds from the start; what was recorded of the start goes first.

    Attributes
    ----------
    failed : set of str
        Strategies that went wrong in this run: they say nothing any more.
    """

    def __init__(self, first: Ensemble = ACCELERATION_ALONE) -> None:
        self._since: list[tuple[int, Ensemble]] = [(0, first)]
        self.failed: set[str] = set()

    @property
    def newest(self) -> Ensemble:
        """The newest ensemble, in force or not."""
        return self._since[-1][1]

    @property
    def asked(self) -> frozenset[str]:
        """Strategies that are to look at the tape: those switched off by hand may come back."""
        return frozenset(each.strategy_id for each in self.newest.members) - self.failed

    def at(self, ts_event: int) -> Ensemble:
        """Return the strategies by which the bucket that ends at an instant is decided."""
        return next(each for since, each in reversed(self._since) if since <= ts_event)

    def change(self, change: EnsembleChanged) -> None:
        """Take a change that was recorded; by the engine's own it tells who went wrong."""
        since = 0 if change.version == FIRST else change.effective_ns
        if change.who == ENGINE:
            on = {each.strategy_id for each in change.members if each.is_on}
            self.failed |= {each.strategy_id for each in self.newest.on} - on
        kept = [each for each in self._since if each[0] < since]
        self._since = [*kept, (since, Ensemble.of(change))]
