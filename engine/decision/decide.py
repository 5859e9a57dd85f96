"""A bucket's candidates → confidence → selection → brackets, under the governor.

Pure: the same report, desk and parameters give the same decision, in a backtest and live.
"""

from __future__ import annotations

import msgspec

from engine.decision.bracket_prices import bracket_prices
from engine.decision.confidence import Check, Confidence, assess
from engine.decision.contenders import Contender, contest
from engine.decision.desk import DeskState
from engine.decision.governor.phase import entry_refusal
from engine.decision.plan import plan_bracket
from engine.decision.refusal import RefusalReason, Refused
from engine.decision.sizing import bracket_size
from engine.domain.account import ACCELERATION
from engine.domain.bracket import Approved, BracketPlan
from engine.domain.candidate import BucketReport, Candidate, Side
from engine.domain.ensemble import Ensemble
from engine.domain.errors import ConfigError
from engine.domain.facts import BucketIncomplete, EnsembleRule
from engine.domain.parameters import Parameters
from engine.domain.session import NANOS_PER_SECOND, Session


class Verdict(msgspec.Struct, frozen=True):
    """What became of one qualified candidate.

    ``score`` is the signal's, in standard deviations of its strategy's noise, >= 0. ``reason`` is
    the first thing that stopped it, None when approved. ``confidence`` is None and ``checks`` is
    empty where the day already forbade the entry; ``rank`` counts from 1 among the confident of the
    bucket and is None for all others.
    """

    strategy_id: str
    symbol: str
    ts_event: int
    side: Side
    score: float
    approved: bool
    reason: RefusalReason | None
    detail: str
    confidence: float | None
    checks: tuple[Check, ...]
    rank: int | None


class BucketDecision(msgspec.Struct, frozen=True):
    """A verdict on every qualified candidate, by symbol, and the plans, best first.

    ``incomplete`` is the fact that slots were silent: then there is no plan.
    """

    verdicts: tuple[Verdict, ...] = ()
    plans: tuple[Approved[BracketPlan], ...] = ()
    incomplete: BucketIncomplete | None = None

    @property
    def ts_event(self) -> int:
        """End of the bucket, UTC ns; 0 where there was nothing to decide."""
        if self.incomplete is not None:
            return self.incomplete.ts
        return self.verdicts[0].ts_event if self.verdicts else 0


NOTHING = BucketDecision()
"""What most buckets come to."""


def decide(
    report: BucketReport, desk: DeskState, params: Parameters, session: Session
) -> BucketDecision:
    """Return what to do about one bucket.

    Every candidate that passed all gates gets a verdict; one that did not is not judged. Times are
    taken at ``report.ts_init``, the instant at which the bucket became known.
    """
    ensemble = desk.ensemble
    qualified = [
        candidate
        for candidate in report.candidates
        if candidate.qualified and ensemble.is_on(candidate.strategy_id)
    ]
    incomplete = BucketIncomplete(report.ts_event, report.missing) if report.missing else None
    if not qualified:
        return NOTHING if incomplete is None else BucketDecision(incomplete=incomplete)
    verdicts: list[Verdict] = []
    allowed: list[Candidate] = []
    for candidate in qualified:
        refused = _desk_refusal(candidate, report, desk, params, session)
        if refused is None:
            allowed.append(candidate)
        else:
            verdicts.append(_refusal(candidate, refused))
    competing = contest(allowed, report.candidates, ensemble, params)
    verdicts += [_refusal(candidate, refused) for candidate, refused in competing.refused]
    confident: list[tuple[Contender, Confidence]] = []
    for contender in competing.contenders:
        own = _own_parameters(contender.candidate, desk, params)
        if isinstance(own, Refused):
            verdicts.append(_refusal(contender.candidate, own))
            continue
        confidence = _confidence(contender.candidate, report, desk, own)
        if confidence.passed:
            confident.append((contender, confidence))
        else:
            refused = Refused(RefusalReason.NOT_CONFIDENT, confidence.failures)
            verdicts.append(_refusal(contender.candidate, refused, confidence))
    picked, plans = _select(confident, desk, params)
    verdicts += picked
    by_symbol = tuple(sorted(verdicts, key=lambda verdict: verdict.symbol))
    return BucketDecision(by_symbol, plans, incomplete)


def _desk_refusal(
    candidate: Candidate,
    report: BucketReport,
    desk: DeskState,
    params: Parameters,
    session: Session,
) -> Refused | None:
    symbol = candidate.symbol
    refused = entry_refusal(desk.governor, symbol, report.ts_init, params, session)
    if refused is not None:
        return refused
    if any(trade.symbol == symbol for trade in desk.open_trades):
        return Refused(RefusalReason.SYMBOL_IN_TRADE, "a trade in it is open")
    if symbol in desk.locked:
        return Refused(RefusalReason.SYMBOL_LOCKED, "the symbol is locked")
    if symbol in desk.halted:
        return Refused(RefusalReason.SYMBOL_HALTED, "the exchange has halted it")
    if desk.late_ns > params.bucket_ns:
        late = desk.late_ns / NANOS_PER_SECOND
        return Refused(RefusalReason.TOO_LATE, f"its bucket closed {late:.1f} s ago, unseen")
    if report.missing:
        silent = ", ".join(report.missing)
        return Refused(RefusalReason.TAPE_INCOMPLETE, f"nothing was said of slot {silent} in time")
    return None


def _own_parameters(
    candidate: Candidate, desk: DeskState, params: Parameters
) -> Parameters | Refused:
    """Return the parameters of a strategy's trades; the account's may have changed under them."""
    try:
        return desk.ensemble.parameters(candidate.strategy_id, params)
    except ConfigError as error:
        why = f"its own parameters do not go with the account's: {error}"
        return Refused(RefusalReason.NO_ROOM, why)


def _confidence(
    candidate: Candidate, report: BucketReport, desk: DeskState, params: Parameters
) -> Confidence:
    instrument = desk.instruments.find(candidate.symbol)
    size = bracket_size(
        bracket_prices(candidate, params, instrument),
        params,
        instrument,
        candidate.session_volume,
        equity=desk.equity,
        open_notional=desk.open_notional,
    )
    return assess(
        candidate, report.breadth, params, size.quantity, day_has_quotes=desk.day_has_quotes
    )


def _select(
    confident: list[tuple[Contender, Confidence]], desk: DeskState, params: Parameters
) -> tuple[list[Verdict], tuple[Approved[BracketPlan], ...]]:
    """Give the free slots to the strongest; one of which no share can be had takes no slot."""
    slots = _free_slots(desk, params)
    committed = desk.open_notional
    verdicts: list[Verdict] = []
    plans: list[Approved[BracketPlan]] = []
    ranked = sorted(confident, key=lambda pair: _strength(pair[0], desk.ensemble))
    owners: dict[str, str] = {}
    for rank, (contender, confidence) in enumerate(ranked, start=1):
        candidate = contender.candidate
        if owner := owners.get(candidate.symbol):
            plan = Refused(RefusalReason.JOINED, f"it counts for the trade of {owner}")
        elif len(plans) < slots:
            plan = plan_bracket(
                contender,
                desk.ensemble.parameters(candidate.strategy_id, params),
                desk.instruments.find(candidate.symbol),
                rule=EnsembleRule(params.ensemble_rule),
                account=desk.account,
                confidence=confidence.score,
                equity=desk.equity,
                open_notional=committed,
            )
        else:
            plan = _no_slot(plans, desk)
        if isinstance(plan, Refused):
            verdicts.append(_refusal(candidate, plan, confidence, rank))
            continue
        committed += plan.notional
        plans.append(Approved(plan))
        owners[candidate.symbol] = candidate.strategy_id
        verdicts.append(_approval(candidate, plan, confidence, rank))
    return verdicts, tuple(plans)


def _strength(contender: Contender, ensemble: Ensemble) -> tuple[float, float, str, int]:
    """Return the key that sorts the strongest first: score, then notional, then symbol."""
    own = contender.candidate
    return -contender.rank_score, -own.notional, own.symbol, ensemble.rank(own.strategy_id)


def _free_slots(desk: DeskState, params: Parameters) -> int:
    slots = params.max_concurrent if params.concurrent_trading else 1
    return min(slots - len(desk.open_trades), params.max_trades_per_day - desk.governor.trades)


def _no_slot(plans: list[Approved[BracketPlan]], desk: DeskState) -> Refused:
    if not plans:
        return Refused(RefusalReason.NO_FREE_SLOT, f"{len(desk.open_trades)} trades are open")
    weakest = plans[-1].value
    # an acceleration is told with its sign: the words are part of its decision digest
    is_acceleration = weakest.strategy_id == ACCELERATION
    name, score = (
        ("ac_z", weakest.side * weakest.score) if is_acceleration else ("score", weakest.score)
    )
    return Refused(RefusalReason.OUTRANKED, f"by {weakest.symbol} with {name} {score:.2f}")


def _approval(
    candidate: Candidate, plan: BracketPlan, confidence: Confidence, rank: int
) -> Verdict:
    return Verdict(
        strategy_id=candidate.strategy_id,
        symbol=candidate.symbol,
        ts_event=candidate.ts_event,
        side=candidate.side,
        score=candidate.score,
        approved=True,
        reason=None,
        detail=f"{plan.quantity} shares",
        confidence=confidence.score,
        checks=confidence.checks,
        rank=rank,
    )


def _refusal(
    candidate: Candidate,
    refused: Refused,
    confidence: Confidence | None = None,
    rank: int | None = None,
) -> Verdict:
    return Verdict(
        strategy_id=candidate.strategy_id,
        symbol=candidate.symbol,
        ts_event=candidate.ts_event,
        side=candidate.side,
        score=candidate.score,
        approved=False,
        reason=refused.reason,
        detail=refused.detail,
        confidence=None if confidence is None else confidence.score,
        checks=() if confidence is None else confidence.checks,
        rank=rank,
    )
