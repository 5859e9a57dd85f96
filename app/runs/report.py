"""The report of a run that is over: a backtest has left it, a live day's is made when asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec

from app.backtest.by_strategy import by_strategy
from app.backtest.day_scans import DayScans
from app.backtest.report import run_view, verdicts_table
from app.runs.explain.day_tape import WantedCatalog, day_market
from app.runs.explain.tape_at_hand import TapeAtHand, tape_at_hand
from app.runs.kept_runs import KeptInDatabase, KeptInDirectory, kept_run, with_facts
from app.runs.measured import measured
from app.runs.overview import manifest_of
from app.runs.running import goes_on
from app.runs.verdict_file import report_file
from catalog import Catalog
from engine.accounting import EquityPoint, keep_accounts
from engine.domain.errors import ConfigError, NotFoundError
from engine.domain.session import session
from engine.journal import Integrity
from engine.signals.whole_tape.signal_tables import raised_in
from reports import write_html
from store import arrow_table
from store.runs.run import RUN_TABLES


class MadeReport(NamedTuple):
    """Where the report of a run is.

    ``tape`` is what it was made of just now, None if it was there; ``integrity`` how far the run's
    facts hold; ``without`` trades have no MAE and MFE, for that tape has no print of theirs.
    """

    path: Path
    run_id: str
    tape: TapeAtHand | None
    integrity: Integrity | None
    without: tuple[str, ...] = ()


def run_report(
    name: str,
    runs: Path,
    database: str,
    catalog: WantedCatalog,
    progress: Callable[[str], None] = lambda _: None,
    *,
    refresh: bool = False,
) -> MadeReport:
    """Return the report of a run, made if it is a live one's or session's and was not yet.

    Parameters
    ----------
    catalog : WantedCatalog
        Where its day is, if the run does not keep what it heard itself.
    progress : callable
        Hears what is being done, for it may take minutes.
    refresh : bool
        Make it anew.

    Raises
    ------
    NotFoundError
        There is no such run, its day is nowhere, or it is a backtest that has left no report.
    ConfigError
        The run still goes on.
    DataError, JournalError
        Its day or its facts cannot be read.
    """
    run = kept_run(name, runs, database)
    if isinstance(run, KeptInDirectory):
        if not run.run.report.is_file():
            raise NotFoundError(f"{run.run_id} has left no report: it is {run.run.manifest.status}")
        return MadeReport(run.run.report, run.run_id, None, run.integrity())
    if goes_on(run):
        raise ConfigError(
            f"{run.run_id} still runs: its report can be made when it is over; "
            f"'tradectl watch {run.run_id}' shows it now"
        )
    path, tape, without = report_file(run.run_id, runs), None, ()
    if refresh or not path.is_file():
        progress(f"{run.run_id}: its day is read and scanned")
        tape = tape_at_hand(run, catalog, [date.fromisoformat(run.start)])
        with day_market(run, catalog) as market:
            found = measured(run.facts, market)
            _write(with_facts(run, found.facts), market, path)
            without = found.without
    return MadeReport(path, run.run_id, tape, run.integrity(), without)


def _write(run: KeptInDatabase, market: Catalog, path: Path) -> None:
    started, history = time.perf_counter(), run.history()
    scans = DayScans(market, workers=2, refresh=False)
    day = date.fromisoformat(run.start)
    params, changes = history.shaping_day(session(day))
    scans.account(
        scans(
            market,
            day,
            params,
            letters=run.letters or None,
            symbols=run.symbols or None,
            changes=changes,
            progress=None,
        )
    )
    accounts, verdicts = keep_accounts(run.facts), run.table("verdicts")
    signals = run.table("strategy_signals")
    if signals is None:
        signals = scans.signals()
    tables = {name: table for name in RUN_TABLES if (table := run.table(name)) is not None} | {
        "equity": arrow_table(EquityPoint, accounts.books().equity),
        "verdicts": verdicts_table(()) if verdicts is None else verdicts,
        "candidates": scans.candidates(),
        "near_misses": scans.near_misses(),
        "breadth": scans.breadth(),
        "strategy_signals": signals,
    }
    manifest = manifest_of(run)
    manifest["strategies"] = msgspec.to_builtins(
        by_strategy(manifest["weights"], scans.raised + raised_in(signals), accounts)
    )
    timings = {"total": time.perf_counter() - started}
    ladder = {manifest["fills"]: manifest["metrics"]}
    view = run_view(manifest, tables, scans, market, history, timings, ladder)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_html(view, path)
