"""What the governor of a run knows, folded from its journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.runs.chosen_journal import named_journal
from engine.decision import GovernorPhase, GovernorState, evolve, phase
from engine.domain.ensemble import ACCELERATION_ALONE, Ensemble
from engine.domain.ensemble_history import EnsembleHistory
from engine.domain.errors import NotFoundError
from engine.domain.facts import EnsembleChanged, Fact
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import ParameterHistory, desk_history
from engine.domain.session import Session, session
from store import JournalRun, Journals, SqlJournal


@dataclass(frozen=True, slots=True)
class GovernorView:
    """The governor after a run's last fact; ``now`` is the instant of that fact, UTC ns.

    ``ensemble`` are the run's strategies by the newest word, in force from the next bucket on at
    the latest; ``failed`` of them went wrong.
    """

    state: GovernorState
    history: ParameterHistory
    now: int
    ensemble: Ensemble = ACCELERATION_ALONE
    failed: frozenset[str] = frozenset()

    @property
    def session(self) -> Session:
        """The day it is in."""
        return session(date.fromisoformat(self.state.day))

    @property
    def params(self) -> Parameters:
        """The parameters in force."""
        return self.history.at(self.now)

    @property
    def phase(self) -> GovernorPhase:
        """Where the day stands."""
        return phase(self.state, self.now, self.params, self.session)


def chosen_session(database: str, name: str) -> tuple[SqlJournal, JournalRun]:
    """Return a live run or session by its id, a beginning or as ``latest``: journal and standing.

    Raises
    ------
    NotFoundError
        There is no such database or run.
    ConfigError
        Several runs begin like that.
    """
    journals = Journals.existing(database)
    try:
        run = named_journal(journals, name)
    except NotFoundError as error:
        raise NotFoundError(f"{error}; 'tradectl live' or 'tradectl session' starts one") from error
    return journals.open(run.run_id), run


def governor_view(run_id: str, facts: Iterable[Fact]) -> GovernorView:
    """Return what follows from a run's facts.

    Raises
    ------
    NotFoundError
        No day has started in it, or its parameters are not among its facts.
    """
    told = list(facts)
    history = desk_history(fact.payload for fact in told)
    state = GovernorState()
    if history is not None:
        for fact in told:
            state = evolve(state, fact.payload, fact.ts_event, history.at(fact.ts_event))
    if history is None or not state.day:
        raise NotFoundError(f"no day has started in {run_id}: is it a live run or a session?")
    ensembles = EnsembleHistory()
    for fact in told:
        if isinstance(fact.payload, EnsembleChanged):
            ensembles.change(fact.payload)
    failed = frozenset(ensembles.failed)
    return GovernorView(state, history, told[-1].ts_init, ensembles.newest, failed)


def phase_in_words(stands: GovernorPhase, *, paused: bool, stopped: bool) -> str:
    """Return a phase as people call it: ``halted`` is a pause, a stop or an issue."""
    if stands is not GovernorPhase.HALTED:
        return stands.words
    if paused:
        return "paused by hand"
    return "stopped by hand for the day" if stopped else "no entries while an issue lasts"


def resumed_by(*, paused: bool, stopped: bool) -> str:
    """Return what allows entries again that somebody has stopped; empty while nobody has."""
    if not (paused or stopped):
        return ""
    what = "paused" if paused else "stopped for the day"
    return f"{what} by hand: 'tradectl do resume --yes' allows entries again"


def strategies_in_words(ensemble: Ensemble) -> str:
    """Return the strategies with their share among those that are on, as ``reversion 66.7%``."""
    return ", ".join(
        f"{each.strategy_id} {ensemble.weight(each.strategy_id):.1%}"
        if each.is_on
        else f"{each.strategy_id} off"
        for each in ensemble.members
    )
