"""Rejected candidates that went far afterwards, and what stopped each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from app.backtest.asked_data import asked_data
from app.backtest.kept_scans import kept_scan
from app.runs.chosen_run import chosen_run
from app.runs.explain.day_tape import WantedCatalog, day_market, spool_of
from app.runs.explain.gate_checks import finite
from app.runs.explain.rejections import DayOfCandidates
from app.runs.explain.tape_at_hand import TapeAtHand, tape_at_hand
from app.runs.kept_runs import DEFAULT_DATABASE, Kept
from app.runs.running import goes_on
from app.runs.signals.ensembles import RunEnsembles
from app.runs.signals.of_run import signals_of
from app.runs.signals.said import FeatureCheck
from catalog import Catalog
from catalog.warnings import DayWarning
from engine.accounting import Missed, Trade, follow, keep_books, untraded
from engine.domain.account import ACCELERATION
from engine.domain.errors import NotFoundError
from engine.domain.fixed_point import decimal_price
from engine.domain.market_data.halts import Halts
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import NANOS_PER_SECOND, day_of, session
from engine.journal import Integrity
from engine.signals import ScanResult
from engine.signals.scan import Progress
from engine.signals.whole_tape.signal_runner import SignalSource

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
    strategies : tuple of str
        Ask about these alone, by name or ``module:Class``; all of the run by default.
    horizon_secs : int
        Seconds to look ahead, within the session.
    """

    run: str | None
    day: date | None
    strategies: tuple[str, ...]
    horizon_secs: int
    letters: tuple[str, ...]
    symbols: tuple[str, ...]
    catalog: WantedCatalog
    runs: Path
    params: Path | None
    settings: list[str] | None
    workers: int
    top: int
    database: str = DEFAULT_DATABASE


class MissedRow(msgspec.Struct, frozen=True):
    """A rejected candidate: best and worst excursion in percent of ``price`` (USD).

    ``ac_z`` is None for one of another strategy than acceleration. ``features`` are its strategy's
    own, in its order.
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
    features: tuple[FeatureCheck, ...]


class Became(msgspec.Struct, frozen=True):
    """What one strategy's candidates became.

    Attributes
    ----------
    raised : int or None
        Candidates raised while it was on; None where that is not known, and ``unknown`` says why.
    stopped_by : dict
        How often what stopped them: the one gate that failed, or the hub's reason.
    approved, traded : int
        Candidates that the hub approved, and trades entered.
    """

    strategy_id: str
    raised: int | None
    stopped_by: dict[str, int]
    approved: int
    traded: int
    unknown: str | None


class MissedAnswer(msgspec.Struct, frozen=True):
    """What was rejected, how much of it could have been traded, and the rows that went furthest.

    Of a run that is ``running`` they are as of now: what was rejected just before may go on.
    ``warnings`` are about the data of these days.
    ``tape`` says whether these are the prints that it traded.
    """

    run_id: str | None
    dates: tuple[str, ...]
    horizon_secs: int
    rejected: int
    considered: int
    strategies: tuple[Became, ...]
    missed: tuple[MissedRow, ...]
    tape: TapeAtHand
    running: bool = False
    warnings: tuple[DayWarning, ...] = ()


def missed_trades(
    question: MissedQuestion, progress: ScanProgress
) -> tuple[MissedAnswer, Integrity | None]:
    """Return the rejected candidates with the largest favourable excursion afterwards.

    Raises
    ------
    ConfigError
        A run and parameters are both given, the run misses the day, or a strategy is not its.
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
    ensembles = RunEnsembles(() if chosen is None else chosen.journal()[0].facts())
    whose = "a scan without a run" if chosen is None else chosen.run_id
    names = ensembles.chosen(question.strategies, whose)
    horizon_ns = question.horizon_secs * NANOS_PER_SECOND
    trades = _trades(chosen)
    found: list[Missed] = []
    rejected = 0
    became = _Became(names)
    root = question.catalog.of(chosen)
    with day_market(chosen, question.catalog) as market:
        days = _days(market, chosen, question.day)
        warnings = asked_data(market, days, _letters(question, chosen), question.symbols)
        tape = tape_at_hand(chosen, question.catalog, days)
        for day in days:
            said, unknown = signals_of(chosen, ensembles, names, day, history, root)
            result = None
            if ACCELERATION in names or said.source is not None:
                result = _scan(market, day, history, chosen, question, progress, said.source)
            candidates = DayOfCandidates(
                day,
                names,
                ensembles,
                history,
                result,
                said.table if result is None or result.signals is None else result.signals,
                None if chosen is None else chosen.table("verdicts"),
                _known_until(market, day, chosen),
            )
            rejections = candidates.rejections()
            rejected += len(rejections)
            became.add(candidates, unknown)
            halts = Halts(market.statuses(day))
            considered = list(untraded(rejections, trades, horizon_ns, halts))
            found += follow(market, day, considered, horizon_ns)
    found.sort(key=lambda one: -one.best_pct)
    answer = MissedAnswer(
        run_id=chosen.run_id if chosen else None,
        dates=tuple(day.isoformat() for day in days),
        horizon_secs=question.horizon_secs,
        rejected=rejected,
        considered=len(found),
        strategies=became.sums([each for each in trades if _entered_on(each, days)]),
        missed=tuple(map(_row, found[: question.top])),
        tape=tape,
        running=goes_on(chosen),
        warnings=warnings,
    )
    return answer, chosen.integrity() if chosen else None


class _Became:
    """Adds up over days what strategies' candidates became."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._raised: Counter[str] = Counter()
        self._stopped: Counter[tuple[str, str]] = Counter()
        self._approved: Counter[str] = Counter()
        self._unknown: dict[str, str] = {}

    def add(self, candidates: DayOfCandidates, unknown: Mapping[str, str]) -> None:
        """Add a day."""
        self._raised += candidates.raised()
        self._stopped += candidates.stopped()
        self._approved += candidates.approved()
        self._unknown |= unknown

    def sums(self, trades: Sequence[Trade]) -> tuple[Became, ...]:
        """Return the sums, with the trades that came of them."""
        return tuple(
            Became(
                strategy_id=name,
                raised=None if name in self._unknown else self._raised[name],
                stopped_by={
                    what: count
                    for (owner, what), count in self._stopped.most_common()
                    if owner == name
                },
                approved=self._approved[name],
                traded=sum(each.strategy_id == name for each in trades),
                unknown=self._unknown.get(name),
            )
            for name in self._names
        )


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
    source: SignalSource | None,
) -> ScanResult:
    """Return the scan of a day, narrowed as asked or as the run was."""
    parameters, changes = history.shaping_day(session(day))
    with progress(day) as watched:
        return kept_scan(
            market,
            day,
            parameters,
            letters=_letters(question, run),
            symbols=question.symbols or (run.symbols if run else ()),
            changes=changes,
            workers=question.workers,
            progress=watched,
            source=source,
        )


def _letters(question: MissedQuestion, run: Kept | None) -> tuple[str, ...]:
    return question.letters or (run.letters if run else ())


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


def _trades(run: Kept | None) -> tuple[Trade, ...]:
    return () if run is None else keep_books(run.journal()[0].facts()).trades


def _entered_on(trade: Trade, days: Sequence[date]) -> bool:
    return trade.entry_ts is not None and day_of(trade.entry_ts) in days


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
        features=tuple(
            FeatureCheck(each.name, finite(each.value), each.threshold, each.passed)
            for each in rejection.features
        ),
    )
