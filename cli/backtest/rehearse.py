"""``tradectl rehearse``: a recorded day, traded live over the broker's own protocols."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

import typer

from app.doctor.preflight import Need, require_fit
from app.runs.start_wait import DEFAULT_WAIT_SECS, StartWait
from cli.terminal.day_options import DayOptions, SimFills
from cli.terminal.narrowing import parse_usd
from cli.terminal.options import (
    DEFAULT_BALANCE,
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    Balance,
    Database,
    RunsPath,
    Speed,
    View,
)
from cli.terminal.output import INTERRUPTED, emit, say
from cli.terminal.progress import progress_bar
from cli.terminal.run_page import emit_end, end_of, show_run_started
from cli.terminal.shared_options import taking
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from engine.runtime.live import LiveDay, LiveVenue

_DIFFERENT = ExitCode.FAILED


@taking(DayOptions)
def rehearse(
    options: DayOptions,
    day: Annotated[
        str | None,
        typer.Argument(metavar="DATE", help="A stored New York date; the last one by default."),
    ] = None,
    speed: Speed = None,
    fills: Annotated[
        SimFills,
        typer.Option("--fills", help="How the simulator fills; no backtest knows paper's way."),
    ] = SimFills.BASE,
    balance: Balance = DEFAULT_BALANCE,
    run_id: Annotated[str | None, typer.Option("--run", help="Name of the run.")] = None,
    compare: Annotated[
        bool, typer.Option("--compare/--no-compare", help="Backtest the same day and compare.")
    ] = True,
    view: View = True,
    database: Database = DEFAULT_DATABASE,
    runs: RunsPath = DEFAULT_RUNS,
) -> None:
    """Start a simulator on a recorded day and trade it as `tradectl live` would.

    Time is granted to the live process step by step, so it decides what the backtest decides at
    any speed. Exit code 1 when it did not; every difference is told with its cause. What arrives is
    not kept: it is the recorded day, and a rehearsal is not resumed but played anew.

    Example: tradectl rehearse 2026-09-18 --speed 40
    """
    require_fit(Need.LIVE, files=[database], folders=[runs])
    from app.backtest.stored_days import stored_day
    from app.rehearsal.run import RehearsalRequest, backtest_fills, backtested, rehearsed
    from app.runs.story import run_story
    from catalog import Catalog
    from cli.backtest.rehearsal_page import Compared, rehearsal_page
    from cli.live.view import live_view
    from engine.comparison import compare as compare_stories
    from engine.hub import OutcomeStatus
    from store import Journals

    source = Catalog.open(options.catalog)
    stored = stored_day(source, day)
    wait = StartWait(DEFAULT_WAIT_SECS, say)
    request = RehearsalRequest(
        day=stored,
        catalog=options.catalog,
        params=options.parameters(),
        fills=fills.value,
        balance=parse_usd(balance),
        letters=options.only_letters,
        symbols=options.only_symbols,
        speed=speed,
        run_id=run_id,
        verdicts=runs,
        wait=wait,
    )
    journals = wait.reached(lambda: Journals(database))
    began = time.perf_counter()
    venues: list[LiveVenue] = []
    with live_view(enabled=view and not options.as_json, venue="rehearsal", sends=True) as screen:

        def look(run_id: str, day: LiveDay, venue: LiveVenue) -> None:
            venues.append(venue)
            screen.watch(run_id, day, venue)

        end = asyncio.run(rehearsed(source, journals, request, show_run_started, look))
    live_secs = time.perf_counter() - began
    is_over = end.outcome.status is not OutcomeStatus.INTERRUPTED
    if not (is_over and compare):
        emit_end(end, as_json=options.as_json, scan_digest=end.scan_digest)
        raise typer.Exit(ExitCode.DONE if is_over else INTERRUPTED)
    began = time.perf_counter()
    with progress_bar("backtest", "%") as progress:
        backtest, story = backtested(source, request, progress)
    same = (
        end.outcome.decision_digest == backtest.decision_digest,
        end.outcome.fill_digest == backtest.fill_digest,
    )
    compared = Compared(
        backtest,
        None if all(same) else compare_stories(run_story(end.run_id, database, runs)[0], story),
        live_secs,
        time.perf_counter() - began,
        (request.fills, backtest_fills(request.fills)),
    )
    emit(
        end_of(end)
        | {"scan_digest": end.scan_digest}
        | {"same_decisions": same[0], "same_fills": same[1]}
        | {"causes": {} if compared.why is None else dict(compared.why.causes)},
        as_json=options.as_json,
        page=lambda console: rehearsal_page(
            console, stored.isoformat(), end, compared, venues[0].health
        ),
    )
    if not same[0]:
        raise typer.Exit(_DIFFERENT)
