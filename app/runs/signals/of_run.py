"""What the strategies of a run said of the tape: as it kept it, or by asking them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import msgspec
import pyarrow as pa

from app.runs.kept_runs import Kept
from app.runs.signals.ensembles import RunEnsembles
from app.strategies import hosted_again
from app.strategies.days_before import catalog_if_there
from app.strategies.workers import StrategyProcesses
from engine.domain.account import ACCELERATION
from engine.domain.errors import ConfigError
from engine.domain.facts import Member
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import session
from engine.signals.whole_tape.signal_runner import SignalSource


class RunSignals(NamedTuple):
    """Either is None: the table that a run kept, or who says it again when the day is scanned."""

    table: pa.Table | None
    source: SignalSource | None


def signals_of(
    run: Kept | None,
    ensembles: RunEnsembles,
    names: Sequence[str],
    day: date,
    history: ParameterHistory,
    catalog: str,
) -> tuple[RunSignals, dict[str, str]]:
    """Return what strategies of a run said on a day, and of which it is not known, with why.

    A run keeps what was raised, faded or qualified. Where that is gone, or of an earlier version
    that kept it of backtests alone, its strategies are asked again, as the run's facts name them.

    Parameters
    ----------
    names : sequence of str
        The strategies that are asked about; acceleration is the scanner's own and passed over.
    catalog : str
        Root of the catalog that knows the days before.
    """
    kept = None if run is None else run.table("strategy_signals")
    if kept is not None:
        return RunSignals(kept, None), {}
    found: list[Member] = []
    processes = StrategyProcesses()
    unknown: dict[str, str] = {}
    for member in ensembles.newest.members:
        if member.strategy_id == ACCELERATION or member.strategy_id not in names:
            continue
        try:
            hosted_again(msgspec.structs.replace(ensembles.newest, members=(member,)), processes)
        except ConfigError as error:
            unknown[member.strategy_id] = f"it cannot be asked again: {error}"
        else:
            found.append(member)
    if not found:
        return RunSignals(None, None), unknown
    asked = hosted_again(msgspec.structs.replace(ensembles.newest, members=tuple(found)), processes)
    hours = session(day)
    make_source = asked.make_source(catalog_if_there(catalog), watches=False)
    source = make_source(hours, history.shaping_day(hours)[0], asked.names)
    return RunSignals(None, source), unknown
