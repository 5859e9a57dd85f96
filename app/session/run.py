"""One session from its request to its last fact: started, resumed, interrupted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from app.backtest.day_scans import DayScans
from app.display.shown_run import shown_run
from app.runs.bounds import AskedMarket, record_run_ended, record_run_started
from app.runs.hosted_run import HostedRun, OnStarted, RunEnd, hosted_run, run_name
from app.runs.signals.keeper import SignalKeeper, signal_keeper
from app.runs.start_wait import StartWait
from app.runs.verdict_keeper import VerdictKeeper
from app.session.attendant import SessionAttendant
from app.strategies import Hosted, hosted
from catalog import Catalog
from engine.display import FrameBoard
from engine.domain.errors import JournalError
from engine.domain.parameters import Parameters
from engine.domain.parameters.changes import open_desk
from engine.domain.session import session
from engine.hub import Outcome, OutcomeStatus
from engine.journal import ResumedJournal
from engine.runtime import Engine, Stage, run_backtest
from store import Journals, RunLabels

_VENUE = "session"
"""Where a recorded day is traded, as its frames say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """What was asked for; ``speed`` None is as fast as possible.

    Attributes
    ----------
    wait : StartWait
        For how long a database that is down at the start is waited for.
    runs : Path
        Folder for the tables of verdicts and of what strategies saw.
    catalog : str
        Root of the catalog that holds the day.
    labels : RunLabels
        What it is called.
    display : Path or None
        Root of all displays; None shows nothing.
    """

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
    wait: StartWait
    runs: Path
    catalog: str
    labels: RunLabels = field(default_factory=RunLabels)
    hosted: Hosted = field(default_factory=hosted)
    display: Path | None = None


def session_run(
    catalog: Catalog,
    journals: Journals,
    request: SessionRequest,
    progress: Callable[[float, float], None],
    told: OnStarted,
) -> RunEnd:
    """Host the engine for one recorded day; ``told`` hears run id and facts found at the start.

    An unfinished session of that name is resumed. Raises as ``run_backtest`` and
    ``Journals.start`` do.
    """
    request.hosted.expect_fit(request.params)
    with ExitStack() as stack:

        def started() -> HostedRun:
            name = request.run_id or run_name(journals, f"session-{request.day}")
            resumable = (KeyboardInterrupt, JournalError)
            hosting = hosted_run(journals, name, told, resumable=resumable, labels=request.labels)
            return stack.enter_context(hosting)

        run = request.wait.reached(started)
        journal = ResumedJournal(run.journal)
        attendant = SessionAttendant(journal, run.recorded, run.log, request.speed)
        signals = signal_keeper(request.hosted, request.runs, run.run_id, is_new=run.is_new)
        verdicts = VerdictKeeper(request.runs, run.run_id, is_new=run.is_new)
        verdicts.play_again()
        shown = stack.enter_context(shown_run(run, request.display, venue=_VENUE))

        def on_progress(done: float, total: float) -> None:
            run.is_under_way = True
            progress(done, total)

        outcome = _play(
            catalog,
            request,
            run.run_id,
            journal,
            attendant,
            shown.board,
            _Keepers(verdicts, signals),
            on_progress,
        )
        is_whole = outcome.status is OutcomeStatus.ENDED
        if is_whole:
            record_run_ended(journal, outcome)
        said = (verdict for day in outcome.days for verdict in day.verdicts)
        verdicts.table(said, is_whole=is_whole)
        if signals:
            signals.table(is_whole=is_whole)
        run.end(outcome.status)
        shown.ended(outcome.status)
    return RunEnd(run.run_id, len(run.recorded), outcome)


class _Keepers(NamedTuple):
    """Who keeps why, and why not; nobody what strategies saw where none looks at the tape."""

    verdicts: VerdictKeeper
    signals: SignalKeeper | None


def _play(
    catalog: Catalog,
    request: SessionRequest,
    run_id: str,
    journal: ResumedJournal,
    attendant: SessionAttendant,
    board: FrameBoard,
    keepers: _Keepers,
    progress: Callable[[float, float], None],
) -> Outcome:
    day, params = request.day, request.params
    record_run_started(
        journal,
        run_id,
        day,
        params,
        request.fills,
        request.balance,
        asked=AskedMarket(request.catalog, request.letters, request.symbols),
        strategies=request.hosted.names,
    )
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
        strategies=request.hosted.strategies,
        ensemble=request.hosted.ensemble,
        make_source=request.hosted.make_source(catalog),
        journal=journal,
        starting_balance=request.balance,
        engine=Engine(request.engine),
        fills=request.fills,
        letters=request.letters or None,
        symbols=request.symbols or None,
        scan=DayScans(catalog, request.workers, refresh=False),
        attendant=attendant,
        board=board,
        on_progress=on_progress,
        on_decision=keepers.verdicts.add,
        on_signals=keepers.signals.add if keepers.signals else None,
    )
