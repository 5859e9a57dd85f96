"""Rejected candidates that went far afterwards, and what stopped each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.compute as pc

from app.backtest.kept_scans import kept_scan
from app.runs.chosen_run import chosen_run
from app.runs.day_tape import day_market, spool_of
from app.runs.gate_checks import finite, gate_checks
from app.runs.kept_runs import DEFAULT_DATABASE, Kept
from app.runs.running import goes_on
from catalog import Catalog
from engine.accounting import Missed, Rejection, Trade, follow, keep_books, untraded
from engine.domain.account import ACCELERATION
from engine.domain.candidate import Side
from engine.domain.errors import NotFoundError
from engine.domain.fixed_point import PRICE_SCALE, decimal_price
from engine.domain.market_data.halts import Halts
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import NANOS_PER_SECOND, session
from engine.journal import Integrity
from engine.signals import ScanResult
from engine.signals.scan import Progress

_NEVER_NS = 1 << 62

type ScanProgress = Callable[[date], AbstractContextManager[Progress]]
"""Given a day, watches its scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedQuestion:
    """Where to look for what was missed, and how far ahead.

    Attributes
    ----------
    run : str or None
        By default the last one over ``day``, unless parameters are given.
    day : date or None
        By default all days of the run, or the last one stored.
    horizon_secs : int
        Seconds to look ahead, within the session.
    """

    run: str | None
    day: date | None
    horizon_secs: int
    letters: tuple[str, ...]
    symbols: tuple[str, ...]
    catalog: str
    runs: Path
    params: Path | None
    settings: list[str] | None
    workers: int
    top: int
    database: str = DEFAULT_DATABASE


class MissedRow(msgspec.Struct, frozen=True):
    """A rejected candidate: best and worst excursion in percent of ``price`` (USD).

    ``ac_z`` is None for one of another strategy than acceleration.
    """

    symbol: str
    side: int
    ts_event: int
    price: float
    strategy_id: str
    score: float | None
    ac_z: float | None
    stopped_by: str
    detail: str
    best_pct: float
    best_after_secs: float
    worst_before_pct: float


class MissedAnswer(msgspec.Struct, frozen=True):
    """What was rejected, how much of it could have been traded, and the rows that went furthest.

    Of a run that is ``running`` they are as of now: what was rejected just before may go on.
    """

    run_id: str | None
    dates: tuple[str, ...]
    horizon_secs: int
    rejected: int
    considered: int
    missed: tuple[MissedRow, ...]
    running: bool = False


def missed_trades(
    question: MissedQuestion, progress: ScanProgress
) -> tuple[MissedAnswer, Integrity | None]:
    """Return the rejected candidates with the largest favourable excursion afterwards.

    Raises
    ------
    ConfigError
        A run and parameters are both given, or the run misses the day.
    NotFoundError
        Run, catalog or the day's trades are not stored.
    """
    chosen, history = chosen_run(
        question.runs,
        question.run,
        question.day,
        question.params,
        question.settings,
        question.database,
    )
    horizon_ns = question.horizon_secs * NANOS_PER_SECOND
    found: list[Missed] = []
    rejected = 0
    with day_market(chosen, question.catalog) as market:
        days = _days(market, chosen, question.day)
        for day in days:
            result = _scan(market, day, history, chosen, question, progress)
            known_ns = _known_until(market, day, chosen)
            rejections = sorted(
                (
                    each
                    for each in (
                        *_at_gates(result, history),
                        *_at_hub(result, chosen),
                        *_signals_at_hub(day, chosen),
                    )
                    if each.ts_init <= known_ns
                ),
                key=lambda rejection: (rejection.ts_init, rejection.symbol),
            )
            rejected += len(rejections)
            halts = Halts(market.statuses(day))
            considered = list(untraded(rejections, _trades(chosen), horizon_ns, halts))
            found += follow(market, day, considered, horizon_ns)
    found.sort(key=lambda one: -one.best_pct)
    answer = MissedAnswer(
        run_id=chosen.run_id if chosen else None,
        dates=tuple(day.isoformat() for day in days),
        horizon_secs=question.horizon_secs,
        rejected=rejected,
        considered=len(found),
        missed=tuple(map(_row, found[: question.top])),
        running=goes_on(chosen),
    )
    return answer, chosen.integrity() if chosen else None


def _known_until(market: Catalog, day: date, run: Kept | None) -> int:
    """Return until when a day is known, UTC ns: no bucket after it has closed."""
    if run is None or not goes_on(run):
        return _NEVER_NS
    if spool_of(run) is None:
        last_fact = run.journal()[0].last
        return last_fact.ts_init if last_fact else 0
    last = 0
    for letter in market.letters(day):
        for batch in market.trade_batches(day, letter):
            last = max(last, int(batch.ts_init[-1]))
    return last


def _scan(
    market: Catalog,
    day: date,
    history: ParameterHistory,
    run: Kept | None,
    question: MissedQuestion,
    progress: ScanProgress,
) -> ScanResult:
    """Return the scan of a day, narrowed as asked or as the run was."""
    parameters, changes = history.shaping_day(session(day))
    with progress(day) as watched:
        return kept_scan(
            market,
            day,
            parameters,
            letters=question.letters or (run.letters if run else ()),
            symbols=question.symbols or (run.symbols if run else ()),
            changes=changes,
            workers=question.workers,
            progress=watched,
        )


def _days(market: Catalog, run: Kept | None, asked: date | None) -> list[date]:
    if asked is not None:
        return [asked]
    stored = market.dates()
    if run is None:
        stored = stored[-1:]
    else:
        stored = [day for day in stored if run.start <= day.isoformat() <= run.end]
    if not stored:
        raise NotFoundError("no trades are stored for those days: import them or choose --date")
    return stored


def _at_gates(result: ScanResult, history: ParameterHistory) -> Iterator[Rejection]:
    """Yield the buckets that exactly one gate rejected."""
    for row in result.near_misses.to_pylist():
        checks = gate_checks(row, history.at(row["ts_event"]))
        (failed,) = (check for check in checks if not check.passed)
        yield _rejection(row, failed.gate, failed.in_words)


def _at_hub(result: ScanResult, run: Kept | None) -> Iterator[Rejection]:
    """Yield the candidates of the day that the run's hub refused."""
    verdicts = None if run is None else run.table("verdicts")
    if verdicts is None:
        return
    refused = {
        (row["symbol"], row["ts_event"]): row
        for row in verdicts.to_pylist()
        if not row["approved"] and row.get("strategy_id", ACCELERATION) == ACCELERATION
    }
    for row in result.candidates.to_pylist() if refused else ():
        verdict = refused.get((row["symbol"], row["ts_event"]))
        if verdict is not None and row["qualified"]:
            yield _rejection(row, verdict["reason"], verdict["detail"])


def _signals_at_hub(day: date, run: Kept | None) -> Iterator[Rejection]:
    """Yield the candidates of strategies over the tape that the run's hub refused on a day."""
    signals = None if run is None else run.table("strategy_signals")
    verdicts = None if run is None else run.table("verdicts")
    if not signals or not verdicts:
        return
    hours = session(day)
    on_day = (pc.field("ts_event") > hours.open_ns) & (pc.field("ts_event") <= hours.close_ns)
    rows = verdicts.filter(on_day & ~pc.field("approved")).to_pylist()
    refused = {(row["strategy_id"], row["symbol"], row["ts_event"]): row for row in rows}
    for row in signals.filter(on_day & pc.field("qualified")).to_pylist():
        verdict = refused.get((row["strategy_id"], row["symbol"], row["ts_event"]))
        if verdict is not None:
            yield Rejection(
                symbol=row["symbol"],
                side=Side(row["side"]),
                ts_event=row["ts_event"],
                ts_init=row["ts_init"],
                price=int(row["last"] * PRICE_SCALE),
                strategy_id=row["strategy_id"],
                score=row["score"],
                stopped_by=verdict["reason"],
                detail=verdict["detail"],
            )


def _rejection(row: dict[str, Any], stopped_by: str, detail: str) -> Rejection:
    return Rejection(
        symbol=row["symbol"],
        side=Side(row["side"]),
        ts_event=row["ts_event"],
        ts_init=row["ts_init"],
        price=int(row["last"] * PRICE_SCALE),
        strategy_id=ACCELERATION,
        score=abs(row["ac_z"]),
        stopped_by=stopped_by,
        detail=detail,
    )


def _trades(run: Kept | None) -> tuple[Trade, ...]:
    return () if run is None else keep_books(run.journal()[0].facts()).trades


def _row(missed: Missed) -> MissedRow:
    rejection = missed.rejection
    score = finite(rejection.score)
    of_acceleration = score if rejection.strategy_id == ACCELERATION else None
    return MissedRow(
        symbol=rejection.symbol,
        side=int(rejection.side),
        ts_event=rejection.ts_event,
        price=float(decimal_price(rejection.price)),
        strategy_id=rejection.strategy_id,
        score=score,
        ac_z=None if of_acceleration is None else int(rejection.side) * of_acceleration,
        stopped_by=rejection.stopped_by,
        detail=rejection.detail,
        best_pct=missed.best_pct,
        best_after_secs=missed.best_after_secs,
        worst_before_pct=missed.worst_before_pct,
    )
