"""The candidates of the last minute, of every strategy, and what was decided on each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec

from engine.decision.confidence import Check
from engine.decision.decide import BucketDecision, Verdict
from engine.decision.spread import quoted_spread_bps
from engine.display.frame import CheckRow, FeatureRow, RadarRow, VerdictRow, WindowRow
from engine.domain.candidate import BucketReport, Candidate
from engine.domain.fixed_point import decimal_price, float_prices
from engine.domain.session import NANOS_PER_SECOND

MOST_ROWS = 50
_KEPT_NS = 60 * NANOS_PER_SECOND

type _Key = tuple[str, str]
"""Strategy and symbol."""


class Radar:
    """Remembers each candidate of the last minute and the last verdict on it.

    What follows from a candidate alone is worked out once, when it is first shown.
    """

    def __init__(self) -> None:
        self._seen: dict[_Key, Candidate] = {}
        self._judged: dict[_Key, Verdict] = {}
        self._rows: dict[_Key, tuple[Candidate, Verdict | None, RadarRow]] = {}

    def look(self, report: BucketReport | None, decisions: Iterable[BucketDecision]) -> None:
        """Take the last report, and what was decided since the last look."""
        for decision in decisions:
            for verdict in decision.verdicts:
                self._judged[verdict.strategy_id, verdict.symbol] = verdict
        if report is None:
            return
        for candidate in report.candidates:
            self._seen[candidate.strategy_id, candidate.symbol] = candidate
        since = report.ts_event - _KEPT_NS
        self._seen = {key: each for key, each in self._seen.items() if each.ts_event > since}
        self._judged = {key: each for key, each in self._judged.items() if each.ts_event > since}

    def rows(self, most: int = MOST_ROWS) -> tuple[RadarRow, ...]:
        """Return the strongest, the highest score first."""
        strongest = sorted(self._seen.items(), key=lambda item: (-item[1].score, item[0]))[:most]
        rows = {key: self._row(rank, key, each) for rank, (key, each) in enumerate(strongest, 1)}
        self._rows = {key: (self._seen[key], self._verdict(key), row) for key, row in rows.items()}
        return tuple(rows.values())

    def _verdict(self, key: _Key) -> Verdict | None:
        found, candidate = self._judged.get(key), self._seen[key]
        is_old = found is not None and found.ts_event <= candidate.ts_event - _KEPT_NS
        return None if is_old else found

    def _row(self, rank: int, key: _Key, candidate: Candidate) -> RadarRow:
        verdict = self._verdict(key)
        known = self._rows.get(key)
        if known is None or known[0] is not candidate:
            return _row_of(rank, candidate, verdict)
        if known[1] is not verdict:
            told = None if verdict is None else _verdict_row(verdict)
            return msgspec.structs.replace(known[2], rank=rank, verdict=told)
        return known[2] if known[2].rank == rank else msgspec.structs.replace(known[2], rank=rank)


def _row_of(rank: int, candidate: Candidate, verdict: Verdict | None) -> RadarRow:
    quote, window = candidate.quote, candidate.window
    return RadarRow(
        rank=rank,
        strategy_id=candidate.strategy_id,
        symbol=candidate.symbol,
        side=int(candidate.side),
        phase=candidate.phase.value,
        qualified=candidate.qualified,
        ts_event=candidate.ts_event,
        score=candidate.score,
        strength=candidate.strength,
        confidence=candidate.confidence,
        last=decimal_price(candidate.last),
        volume=Decimal(candidate.volume),
        session_volume=Decimal(candidate.session_volume),
        sigma_bps=known(candidate.sigma_bps),
        vwap=known(candidate.vwap),
        vwap_slope=known(candidate.vwap_slope),
        spread_bps=None if quote is None or quote.bid <= 0 else quoted_spread_bps(quote),
        features=tuple(
            FeatureRow(each.name, known(each.value), known(each.threshold), each.passed)
            for each in candidate.features
        ),
        window=WindowRow(
            ts=tuple(window.ts.tolist()),
            last=tuple(float_prices(window.last).tolist()),
            volume=tuple(window.volume.tolist()),
            ao=_known(window.ao.tolist()),
            ac=_known(window.ac.tolist()),
        ),
        verdict=None if verdict is None else _verdict_row(verdict),
    )


def _verdict_row(verdict: Verdict) -> VerdictRow:
    return VerdictRow(
        ts_event=verdict.ts_event,
        approved=verdict.approved,
        reason=None if verdict.reason is None else str(verdict.reason),
        detail=verdict.detail,
        confidence=verdict.confidence,
        rank=verdict.rank,
        checks=tuple(map(_check_row, verdict.checks)),
    )


def _check_row(check: Check) -> CheckRow:
    value = None if check.value is None else known(check.value)
    names = str(check.name), str(check.outcome), str(check.basis)
    return CheckRow(names[0], names[1], value, known(check.threshold), names[2])


def known(value: Any) -> float | None:
    """Return a number as it can be shown; NaN, the infinities and what is no number become None."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and isfinite(value) else None


def _known(values: Sequence[float]) -> tuple[float | None, ...]:
    return tuple(value if isfinite(value) else None for value in values)
