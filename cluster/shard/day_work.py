"""What all slots of a shard share of a day: hours, parameters, strategies, tapes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cluster.day_setup import DaySetup
from cluster.slots import ACROSS, Slots, slots_of
from engine.domain.errors import ConfigError
from engine.domain.facts import ParamsChanged, ParamsWithdrawn
from engine.domain.parameters import parameters_from
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import session
from engine.signals.whole_tape.signal_runner import MakeSource, SignalSource
from engine.tape import TapeLimits


class DayWork:
    """A day as its hub began it.

    Parameters
    ----------
    setup : DaySetup
    make_source : MakeSource
        Who asks the strategies that look at the tape.
    across : collection of str
        Names of those that look across symbols.

    Attributes
    ----------
    hours : Session
    history : ParameterHistory
        As it is known by now.
    slots : Slots
        The whole alphabet.

    Raises
    ------
    ConfigError
        Slots or parameters of the setup are none.
    """

    def __init__(self, setup: DaySetup, make_source: MakeSource, across: Collection[str]) -> None:
        self.setup = setup
        self.hours = session(setup.day)
        self.history = ParameterHistory(
            parameters_from(setup.parameters), setup.changed, frozenset(setup.withdrawn)
        )
        letters = slots_of(",".join(name for name in setup.slots if name != ACROSS))
        if letters is None:
            raise ConfigError("the setup of the day names no slots")
        self.slots = Slots(letters)
        self.numbers = {name: number for number, name in enumerate(self.slots.names)}
        names = [each.strategy_id for each in setup.members]
        self._across = frozenset(names) & frozenset(across)
        self._alone = frozenset(names) - self._across
        self._make_source = make_source
        self._slot_of_listed: list[int] = self.slots.of([*setup.tapes]).tolist()

    def take(self, facts: Iterable[ParamsChanged | ParamsWithdrawn]) -> None:
        """Take facts about the parameters in; those that are known already change nothing."""
        for fact in facts:
            is_known = isinstance(fact, ParamsChanged) and fact.version <= self.history.latest
            if not is_known:
                self.history = self.history.after(fact)

    def goes_on_as(self, setup: DaySetup) -> bool:
        """Say whether another setup, of a later hub, is of the same work; take its facts if so."""
        own = self.setup
        names = ("run_id", "day", "feed", "parameters", "members", "weighs", "slots", "is_granted")
        if any(getattr(own, name) != getattr(setup, name) for name in names):
            return False
        first, known = self.history.first, len(self.history.changed)
        changed = (*self.history.changed, *setup.changed[known:])
        withdrawn = self.history.withdrawn | frozenset(setup.withdrawn)
        self.history = ParameterHistory(first, changed, withdrawn)
        return True

    def said_by(self, slot: str) -> frozenset[str]:
        """Return the strategies that speak in a slot."""
        return self._across if slot == ACROSS else self._alone

    def source(self, slot: str) -> SignalSource | None:
        """Return who asks the strategies of a slot, None where none looks at the tape."""
        params = self.history.shaping_day(self.hours)[0]
        return self._make_source(self.hours, params, self.said_by(slot))

    def listed(self, slots: Collection[str]) -> tuple[str, ...]:
        """Return the listed symbols of some slots."""
        if ACROSS in slots:
            return tuple(self.setup.tapes)
        wanted = {self.numbers[name] for name in slots}
        of = zip(self.setup.tapes, self._slot_of_listed, strict=True)
        return tuple(symbol for symbol, number in of if number in wanted)

    def knows(self, slot: str) -> bool:
        """Say whether a slot is one of the day's."""
        return slot == ACROSS or slot in self.numbers

    def limits(self, now: int) -> TapeLimits:
        """Return what is allowed of the tape at an instant, UTC ns."""
        return TapeLimits.of(self.history.at(now))
