"""Whether the market around a candidate deserves the trade; unknown fails closed."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.decision.market import futures_trend_proxy, market_gravity
from engine.decision.spread import (
    estimated_spread_bps,
    fresh_quote,
    quoted_spread_bps,
    taken_size,
)
from engine.domain.candidate import Breadth, Candidate, Side
from engine.domain.fixed_point import PRICE_SCALE
from engine.domain.parameters import Parameters


class Filter(StrEnum):
    """What is looked at."""

    MARKET_GRAVITY = "market_gravity"
    FUTURES_TREND = "futures_trend"
    SPREAD = "spread"
    TOP_SIZE = "top_size"
    VWAP_SIDE = "vwap_side"
    VWAP_SLOPE = "vwap_slope"
    VWAP_STRETCH = "vwap_stretch"


class Outcome(StrEnum):
    """What a look at it gave; ``UNKNOWN`` counts as a failure, ``OFF`` is not consulted."""

    PASSED = "pass"
    FAILED = "fail"
    UNKNOWN = "unknown"
    OFF = "off"


class Basis(StrEnum):
    """Where a value comes from."""

    TAPE = "tape"
    QUOTED = "quoted"
    ESTIMATED = "estimated"
    PROXY = "proxy"


WEIGHTS = {
    Filter.MARKET_GRAVITY: 1.0,
    Filter.FUTURES_TREND: 1.0,
    Filter.SPREAD: 0.5,
    Filter.TOP_SIZE: 0.5,
    Filter.VWAP_SIDE: 1 / 3,
    Filter.VWAP_SLOPE: 1 / 3,
    Filter.VWAP_STRETCH: 1 / 3,
}
"""Share of each filter in the score: those behind one switch weigh 1 together."""


class Check(msgspec.Struct, frozen=True):
    """One filter's answer; ``value`` is None when unknown or off.

    Values point in the trade's direction: gravity and trend in [-1, 1], spread in bps, top size in
    shares, VWAP side and stretch in percent of the VWAP, its slope in USD over the window.
    """

    name: Filter
    outcome: Outcome
    value: float | None
    threshold: float
    basis: Basis
    weight: float


class Confidence(msgspec.Struct, frozen=True):
    """The answers, and the verdict on them; ``score`` is the weighted share passed, in [0, 1]."""

    passed: bool
    score: float
    checks: tuple[Check, ...]

    @property
    def failures(self) -> str:
        """Return what did not pass, in words: ``spread 31.2 > 25, vwap_side unknown``."""
        return ", ".join(
            f"{check.name} unknown"
            if check.value is None
            else f"{check.name} {check.value:.4g} against {check.threshold:g}"
            for check in self.checks
            if check.outcome in {Outcome.FAILED, Outcome.UNKNOWN}
        )


def assess(
    candidate: Candidate,
    breadth: Breadth,
    params: Parameters,
    quantity: Decimal,
    *,
    day_has_quotes: bool,
) -> Confidence:
    """Return the confidence in a candidate for an order over this much.

    On a day with quotes a stale or missing one is unknown. On a day without any, the spread is
    estimated from the tape and the size at the touch is not consulted.
    """
    checks = (
        *_market_checks(candidate.side, breadth, params),
        *_liquidity_checks(candidate, params, quantity, day_has_quotes=day_has_quotes),
        *_vwap_checks(candidate, params),
    )
    consulted = [check for check in checks if check.outcome is not Outcome.OFF]
    passed = [check for check in consulted if check.outcome is Outcome.PASSED]
    weight = math.fsum(check.weight for check in consulted)
    score = math.fsum(check.weight for check in passed) / weight if weight else 1.0
    by_score = params.confidence_rule == "score"
    enough = score >= params.min_confidence if by_score else len(passed) == len(consulted)
    return Confidence(enough, score, checks)


def _market_checks(side: Side, breadth: Breadth, params: Parameters) -> Iterator[Check]:
    gravity, trend = market_gravity(breadth), futures_trend_proxy(breadth)
    yield _check(
        Filter.MARKET_GRAVITY,
        None if gravity is None else side * gravity,
        params.min_market_gravity,
        Basis.TAPE,
        consulted=params.use_market_gravity,
    )
    yield _check(
        Filter.FUTURES_TREND,
        None if trend is None else side * trend,
        0.0,
        Basis.PROXY,
        consulted=params.use_futures_trend,
    )


def _liquidity_checks(
    candidate: Candidate, params: Parameters, quantity: Decimal, *, day_has_quotes: bool
) -> Iterator[Check]:
    if day_has_quotes:
        quote = fresh_quote(candidate, params)
        spread = None if quote is None else quoted_spread_bps(quote)
        size = None if quote is None else taken_size(quote, candidate.side)
    else:
        spread, size = estimated_spread_bps(candidate.window), None
    yield _check(
        Filter.SPREAD,
        spread,
        params.max_spread_bps,
        Basis.QUOTED if day_has_quotes else Basis.ESTIMATED,
        consulted=params.use_spread_liquidity,
        holds=operator.le,
    )
    yield _check(
        Filter.TOP_SIZE,
        size,
        params.min_top_size_multiple * float(quantity),
        Basis.QUOTED,
        consulted=params.use_spread_liquidity and day_has_quotes,
    )


def _vwap_checks(candidate: Candidate, params: Parameters) -> Iterator[Check]:
    vwap, consulted = candidate.vwap, params.use_vwap_alignment
    away = candidate.side * (candidate.last / PRICE_SCALE - vwap)
    stretch = 100 * away / vwap if vwap > 0 else None
    slope = candidate.side * candidate.vwap_slope
    yield _check(Filter.VWAP_SIDE, stretch, 0.0, Basis.TAPE, consulted=consulted, holds=operator.gt)
    yield _check(Filter.VWAP_SLOPE, slope, 0.0, Basis.TAPE, consulted=consulted, holds=operator.gt)
    yield _check(
        Filter.VWAP_STRETCH,
        stretch,
        float(params.max_vwap_stretch_percent),
        Basis.TAPE,
        consulted=consulted,
        holds=operator.le,
    )


def _check(
    name: Filter,
    value: float | None,
    threshold: float,
    basis: Basis,
    *,
    consulted: bool,
    holds: Callable[[float, float], bool] = operator.ge,
) -> Check:
    known = None if value is None or math.isnan(value) else float(value)
    if not consulted:
        return Check(name, Outcome.OFF, None, threshold, basis, 0.0)
    if known is None:
        return Check(name, Outcome.UNKNOWN, None, threshold, basis, WEIGHTS[name])
    outcome = Outcome.PASSED if holds(known, threshold) else Outcome.FAILED
    return Check(name, outcome, known, threshold, basis, WEIGHTS[name])
