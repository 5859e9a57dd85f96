"""Signals of several strategies → what competes for the free slots of a bucket."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from engine.decision.refusal import RefusalReason, Refused
from engine.domain.candidate import Candidate, Phase
from engine.domain.ensemble import Ensemble
from engine.domain.facts import Contribution, EnsembleRule
from engine.domain.parameters import Parameters


class Contender(msgspec.Struct, frozen=True, eq=False):
    """One trade that may be entered: the candidate whose strategy would own it.

    ``rank_score`` ranks it against others; ``contributions`` are those of all strategies that
    signal the same side, the owner's first.
    """

    candidate: Candidate
    rank_score: float
    contributions: tuple[Contribution, ...]


class Contest(msgspec.Struct, frozen=True, eq=False):
    """Who competes, and who does not and why."""

    contenders: tuple[Contender, ...]
    refused: tuple[tuple[Candidate, Refused], ...]


def contest(
    qualified: Sequence[Candidate],
    told: Iterable[Candidate],
    ensemble: Ensemble,
    params: Parameters,
) -> Contest:
    """Return what the rule of an ensemble makes of the signals of a bucket.

    Parameters
    ----------
    qualified : sequence of Candidate
        Of strategies that are on, and that nothing keeps from being entered.
    told : iterable of Candidate
        All candidates of the bucket.
    """
    living: defaultdict[str, list[Candidate]] = defaultdict(list)
    for each in told:
        if each.phase is not Phase.FADED and ensemble.is_on(each.strategy_id):
            living[each.symbol].append(each)
    if params.ensemble_rule == EnsembleRule.WEIGHTED:
        return _weighted(qualified, living, ensemble, params.ensemble_threshold)
    return _any(qualified, living, ensemble)


def _any(
    qualified: Sequence[Candidate], living: dict[str, list[Candidate]], ensemble: Ensemble
) -> Contest:
    """Let every qualified signal compete by itself, unless one of the other side opposes it."""
    strategies = len(ensemble.on)
    contenders: list[Contender] = []
    refused: list[tuple[Candidate, Refused]] = []
    for each in qualified:
        signals = [other for other in living[each.symbol] if other.qualified]
        against = [other.strategy_id for other in signals if other.side is not each.side]
        if against:
            why = f"{', '.join(against)} would trade it the other way"
            refused.append((each, Refused(RefusalReason.OPPOSED, why)))
            continue
        others = [other for other in signals if other.strategy_id != each.strategy_id]
        rank_score = ensemble.weight(each.strategy_id) * strategies * each.score
        contenders.append(Contender(each, rank_score, _contributions([each, *others], ensemble)))
    return Contest(tuple(contenders), tuple(refused))


def _weighted(
    qualified: Sequence[Candidate],
    living: dict[str, list[Candidate]],
    ensemble: Ensemble,
    threshold: float,
) -> Contest:
    """Add the signals on each symbol up, and let the sum compete where it is strong enough."""
    contenders: list[Contender] = []
    refused: list[tuple[Candidate, Refused]] = []
    done: set[str] = set()
    for each in qualified:
        signals = living[each.symbol]
        total = sum(int(other.side) * _part(other, ensemble) for other in signals)
        if total * each.side <= 0:
            why = f"together the strategies come to {total:.2f}"
            refused.append((each, Refused(RefusalReason.OPPOSED, why)))
            continue
        if abs(total) < threshold:
            why = f"together the strategies come to {total:.2f}, under {threshold}"
            refused.append((each, Refused(RefusalReason.TOO_WEAK, why)))
            continue
        backers = [
            other for other in signals if other.side is each.side and _part(other, ensemble) > 0
        ]
        backers.sort(key=lambda other: (-_part(other, ensemble), ensemble.rank(other.strategy_id)))
        owner = backers[0]
        if each.symbol not in done:
            done.add(each.symbol)
            # a signal that is not qualified carries no quote; the symbol has but one
            quoted = owner if owner.qualified else msgspec.structs.replace(owner, quote=each.quote)
            contenders.append(Contender(quoted, abs(total), _contributions(backers, ensemble)))
        if each is not owner:
            why = f"it counts for the trade of {owner.strategy_id}"
            refused.append((each, Refused(RefusalReason.JOINED, why)))
    return Contest(tuple(contenders), tuple(refused))


def _part(candidate: Candidate, ensemble: Ensemble) -> float:
    """Return weight × confidence × strength; 0 where a signal that is not qualified knows none."""
    known = candidate.strength, candidate.confidence
    if not all(0 <= each <= 1 for each in known):
        return 0.0
    return ensemble.weight(candidate.strategy_id) * candidate.confidence * candidate.strength


def _contributions(candidates: Iterable[Candidate], ensemble: Ensemble) -> tuple[Contribution, ...]:
    return tuple(
        Contribution(
            each.strategy_id, each.strength, ensemble.weight(each.strategy_id), each.confidence
        )
        for each in candidates
    )
