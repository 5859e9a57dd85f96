"""Roof: one session from its request to its last fact: started, taken up again, interrupted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from catalog import Catalog
from cli.day_scans import DayScans
from cli.run_bounds import tell_end, tell_start
from cli.session_attendant import SessionAttendant
from engine.domain.errors import JournalError
from engine.domain.parameter_changes import open_desk
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.journal import ResumedJournal
from engine.runtime import Engine, Outcome, OutcomeStatus, Stage, run_backtest
from store import CommandLog, Journals, RunStatus, SqlJournal
from strategies import AoStrategy


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """What was asked for; ``speed`` None is as fast as possible."""

    day: date
    params: Parameters
    engine: str
    fills: str
    balance: Decimal
    letters: tuple[str, ...]
    symbols: tuple[str, ...]
    workers: int
    speed: float | None
    run_id: str | None


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """How a session ended; ``resumed_at`` is the fact it was taken up again after, 0 if new."""

    run_id: str
    resumed_at: int
    outcome: Outcome


def session_run(
    catalog: Catalog,
    journals: Journals,
    request: SessionRequest,
    progress: Callable[[float, float], None],
    told: Callable[[str, int], None],
) -> SessionEnd:
    """Host the engine for one recorded day; ``told`` hears run id and facts found at the start.

    An unfinished session of that name is taken up again. Raises as ``run_backtest`` and
    ``Journals.start`` do.
    """
    run_id, is_new = _chosen(journals, request)
    log = CommandLog(journals, run_id)
    log.create()
    stored = journals.start(run_id) if is_new else journals.resume(run_id)
    recorded = list(stored.facts())
    told(run_id, len(recorded))
    try:
        journal = ResumedJournal(stored)
        attendant = SessionAttendant(journal, recorded, log, request.speed)
        outcome = _play(catalog, request, run_id, journal, attendant, progress)
        if outcome.status is OutcomeStatus.ENDED:
            tell_end(journal, outcome)
            stored.end(RunStatus.ENDED)
        else:
            stored.end(RunStatus.INTERRUPTED, "interrupted: the same command takes it up again")
    except BaseException as error:
        _seal(stored, error)
        raise
    return SessionEnd(run_id, len(recorded), outcome)


def _chosen(journals: Journals, request: SessionRequest) -> tuple[str, bool]:
    """Return the run's id and whether it is a new one."""
    status = {run.run_id: run.status for run in journals.runs()}
    stem = request.run_id or f"session-{request.day}"
    run_id, number = stem, 1
    while request.run_id is None and status.get(run_id) in (RunStatus.ENDED, RunStatus.FAILED):
        number += 1
        run_id = f"{stem}-{number}"
    return run_id, run_id not in status


def _play(
    catalog: Catalog,
    request: SessionRequest,
    run_id: str,
    journal: ResumedJournal,
    attendant: SessionAttendant,
    progress: Callable[[float, float], None],
) -> Outcome:
    day, params = request.day, request.params
    tell_start(journal, run_id, day, params, request.fills, request.balance)
    opens = session(day).pre_market_ns
    first = open_desk(params, opens, "session", "the parameters the session was started with")
    journal.append(first, ts_event=opens, ts_init=opens)

    def on_progress(_day: date, stage: Stage, share: float) -> None:
        if stage is Stage.REPLAY:
            progress(100 * share, 100)

    return run_backtest(
        catalog,
        [day],
        params,
        strategy=AoStrategy,
        journal=journal,
        starting_balance=request.balance,
        engine=Engine(request.engine),
        fills=request.fills,
        letters=request.letters or None,
        symbols=request.symbols or None,
        scan=DayScans(catalog, request.workers, refresh=False),
        attendant=attendant,
        on_progress=on_progress,
    )


def _seal(journal: SqlJournal, error: BaseException) -> None:
    """Say what ended a session, if the database lets it; what ended it matters more.

    One that was interrupted, or lost its database, or was called with other parameters than it was
    started with, can be taken up again.
    """
    may_go_on = isinstance(error, KeyboardInterrupt | JournalError)
    status = RunStatus.INTERRUPTED if may_go_on else RunStatus.FAILED
    with suppress(JournalError):
        journal.end(status, str(error) or "interrupted")
