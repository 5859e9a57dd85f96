"""The strategies of a run over time, as its facts have them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.domain.ensemble import ACCELERATION_ALONE, Ensemble
from engine.domain.errors import ConfigError
from engine.domain.facts import EnsembleChanged, Fact


class RunEnsembles:
    """Which strategies were on at any bucket; acceleration alone where no fact says otherwise.

    Parameters
    ----------
    facts : iterable of Fact
        Of the run, in order.
    """

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._since: list[tuple[int, Ensemble]] = [(0, ACCELERATION_ALONE)]
        for fact in facts:
            match fact.payload:
                case EnsembleChanged() as change:
                    since = 0 if change.version == 1 else change.effective_ns
                    self._since.append((since, Ensemble.of(change)))
                case _:
                    pass

    @property
    def newest(self) -> Ensemble:
        """The last one, in force or not."""
        return self._since[-1][1]

    @property
    def names(self) -> tuple[str, ...]:
        """The strategies of the run, those that were switched off too, in order of precedence."""
        return tuple(each.strategy_id for each in self.newest.members)

    def at(self, ts_event: int) -> Ensemble:
        """Return the strategies by which the bucket that ends at an instant was decided."""
        return next(each for since, each in reversed(self._since) if since <= ts_event)

    def chosen(self, asked: Sequence[str], run_id: str) -> tuple[str, ...]:
        """Return the names of some strategies of the run, all unless some are asked for.

        Parameters
        ----------
        asked : sequence of str
            Names, or ``module:Class`` as they were given to the run.

        Raises
        ------
        ConfigError
            One is not the run's.
        """
        by_word = {each.source: each.strategy_id for each in self.newest.members if each.source}
        by_word |= {name: name for name in self.names}
        for word in asked:
            if word not in by_word:
                raise ConfigError(
                    f"strategy {word} is not one of {run_id}: it hosts {', '.join(self.names)}"
                )
        wanted = {by_word[word] for word in asked}
        return tuple(name for name in self.names if name in wanted or not wanted)
