"""Each filter by table; what is unknown fails, what is off is not consulted."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision import Basis, Check, Confidence, Filter, Outcome, assess
from engine.decision.market import futures_trend_proxy, market_gravity
from engine.decision.spread import estimated_spread_bps
from engine.domain.candidate import Breadth, Candidate, IndexReading, Side
from engine.domain.parameters import Parameters
from tests.decision.scene import CALM, candidate, parameters, quote, units, window

NAN = float("nan")


def breadth(rising: int, falling: int, live: int = 1_000, **ac_z: float) -> Breadth:
    readings = tuple(IndexReading(symbol, 0.0, value) for symbol, value in ac_z.items())
    return Breadth(live, rising, falling, readings)


def judged(
    chosen: Candidate | None = None,
    around: Breadth = CALM,
    *,
    shares: int = 50,
    quotes: bool = True,
    **changes: Any,
) -> Confidence:
    return assess(
        chosen or candidate(), around, parameters(**changes), Decimal(shares), day_has_quotes=quotes
    )


def check(name: Filter, confidence: Confidence) -> Check:
    return next(each for each in confidence.checks if each.name is name)


# fmt: off
GRAVITY = [
    # breadth                                                gravity
    (breadth(600, 400, SPY=4.0, QQQ=4.0, IWM=4.0),           0.6),
    (breadth(600, 400, SPY=40.0, QQQ=4.0, IWM=4.0),          0.6),
    (breadth(0, 1_000, SPY=-9.0),                            -1.0),
    (breadth(300, 300, SPY=2.0, QQQ=NAN),                    0.25),
    (breadth(500, 500, SPY=NAN, QQQ=NAN, IWM=NAN),           None),
    (breadth(500, 500),                                      None),
    (breadth(0, 0, live=0, SPY=1.0),                         None),
]
# fmt: on


@pytest.mark.parametrize(("around", "gravity"), GRAVITY)
def test_market_gravity(around: Breadth, gravity: float | None) -> None:
    assert market_gravity(around) == pytest.approx(gravity)


readings = st.none() | st.floats(-50, 50)


@given(
    counts=st.lists(st.integers(0, 11_000), min_size=3, max_size=3).map(sorted),
    spy=readings,
    qqq=readings,
)
def test_gravity_and_trend_are_bounded_and_mirror(
    counts: list[int], spy: float | None, qqq: float | None
) -> None:
    few, many, live = counts
    known = {"SPY": spy, "QQQ": qqq}
    up = breadth(many - few, few, live, **{k: NAN if v is None else v for k, v in known.items()})
    down = breadth(few, many - few, live, **{k: NAN if v is None else -v for k, v in known.items()})
    for measure in (market_gravity, futures_trend_proxy):
        value, mirrored = measure(up), measure(down)
        if value is None:
            assert mirrored is None
        else:
            assert -1 <= value <= 1
            assert mirrored == pytest.approx(-value)


def test_futures_trend_needs_both_proxies_and_says_that_it_is_a_proxy() -> None:
    assert futures_trend_proxy(breadth(0, 0, SPY=2.0)) is None
    confidence = judged(around=breadth(600, 400, SPY=-3.0, QQQ=1.0), use_futures_trend=True)
    found = check(Filter.FUTURES_TREND, confidence)
    assert (found.value, found.basis, found.outcome) == (-0.25, Basis.PROXY, Outcome.FAILED)


# fmt: off
QUOTES = [
    # quote                                      spread            top size          spread in bps
    (quote("99.99", "100.01"),                   Outcome.PASSED,   Outcome.PASSED,   2.0),
    (quote("99.80", "100.20"),                   Outcome.FAILED,   Outcome.PASSED,   40.0),
    (quote("99.99", "100.01", size=99),          Outcome.PASSED,   Outcome.FAILED,   2.0),
    (quote("100.00", "100.00"),                  Outcome.PASSED,   Outcome.PASSED,   0.0),
    (quote("99.99", "100.01", age_secs=2.1),     Outcome.UNKNOWN,  Outcome.UNKNOWN,  None),
    (quote("100.02", "100.01"),                  Outcome.UNKNOWN,  Outcome.UNKNOWN,  None),
    (None,                                       Outcome.UNKNOWN,  Outcome.UNKNOWN,  None),
]
# fmt: on


@pytest.mark.parametrize(("shown", "spread", "top_size", "bps"), QUOTES)
def test_spread_and_size_come_from_a_fresh_quote(
    shown: object, spread: Outcome, top_size: Outcome, bps: float | None
) -> None:
    confidence = judged(candidate(quote=shown))
    found = check(Filter.SPREAD, confidence)
    assert (found.outcome, found.basis) == (spread, Basis.QUOTED)
    assert found.value == pytest.approx(bps)
    assert check(Filter.TOP_SIZE, confidence).outcome is top_size
    assert confidence.passed is (spread is top_size is Outcome.PASSED)


def test_a_day_without_quotes_is_estimated_and_says_so() -> None:
    confidence = judged(candidate(quote=None), quotes=False)
    found = check(Filter.SPREAD, confidence)
    assert (found.basis, found.outcome) == (Basis.ESTIMATED, Outcome.PASSED)
    assert check(Filter.TOP_SIZE, confidence).outcome is Outcome.OFF
    assert confidence.passed
    assert confidence.score == 1.0


@given(half_spread=st.floats(0.5, 100), level=st.floats(2, 500))
def test_bid_ask_bounce_alone_is_estimated_exactly(half_spread: float, level: float) -> None:
    high, low = (int(level * 1e6 * (1 + sign * half_spread / 1e4)) for sign in (1, -1))
    found = estimated_spread_bps(window([high] * 10, [low] * 10))
    assert found == pytest.approx(2e4 * (high - low) / (high + low), rel=1e-6)
    assert found is not None
    assert found == round(found, 6)


@pytest.mark.parametrize("high", [[], [5], [5, 0, 5, 0], [0, 0]])
def test_spread_is_unknown_without_two_adjacent_traded_buckets(high: list[int]) -> None:
    prices = [units(str(price)) for price in high]
    assert estimated_spread_bps(window(prices, prices)) is None


# fmt: off
VWAP = [
    # side        last      vwap    slope   side              slope             stretch
    (Side.LONG,   "100.00", 99.0,   0.05,   Outcome.PASSED,   Outcome.PASSED,   Outcome.PASSED),
    (Side.LONG,   "98.00",  99.0,   0.05,   Outcome.FAILED,   Outcome.PASSED,   Outcome.PASSED),
    (Side.LONG,   "99.00",  99.0,   0.05,   Outcome.FAILED,   Outcome.PASSED,   Outcome.PASSED),
    (Side.LONG,   "100.00", 99.0,   -0.01,  Outcome.PASSED,   Outcome.FAILED,   Outcome.PASSED),
    (Side.LONG,   "103.00", 99.0,   0.05,   Outcome.PASSED,   Outcome.PASSED,   Outcome.FAILED),
    (Side.SHORT,  "100.00", 101.0,  -0.05,  Outcome.PASSED,   Outcome.PASSED,   Outcome.PASSED),
    (Side.SHORT,  "100.00", 99.0,   0.05,   Outcome.FAILED,   Outcome.FAILED,   Outcome.PASSED),
    (Side.LONG,   "100.00", NAN,    0.05,   Outcome.UNKNOWN,  Outcome.PASSED,   Outcome.UNKNOWN),
    (Side.LONG,   "100.00", 99.0,   NAN,    Outcome.PASSED,   Outcome.UNKNOWN,  Outcome.PASSED),
]
# fmt: on


@pytest.mark.parametrize(("side", "last", "vwap", "slope", "on_side", "with_it", "near"), VWAP)
def test_vwap_alignment(
    side: Side,
    last: str,
    vwap: float,
    slope: float,
    on_side: Outcome,
    with_it: Outcome,
    near: Outcome,
) -> None:
    chosen = candidate(side=side, last=units(last), vwap=vwap, vwap_slope=slope)
    confidence = judged(chosen, use_market_gravity=False)
    found = [
        check(name, confidence).outcome
        for name in (Filter.VWAP_SIDE, Filter.VWAP_SLOPE, Filter.VWAP_STRETCH)
    ]
    assert found == [on_side, with_it, near]
    assert confidence.passed is all(outcome is Outcome.PASSED for outcome in found)


def test_a_filter_that_is_off_is_not_consulted_and_says_so() -> None:
    unknown = candidate(quote=None, vwap=NAN, vwap_slope=NAN)
    off = {
        "use_market_gravity": False,
        "use_futures_trend": False,
        "use_spread_liquidity": False,
        "use_vwap_alignment": False,
    }
    confidence = judged(unknown, breadth(0, 0, live=0), **off)
    assert {each.outcome for each in confidence.checks} == {Outcome.OFF}
    assert [each.name for each in confidence.checks] == list(Filter)
    assert (confidence.passed, confidence.score) == (True, 1.0)


@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({}, False),
        ({"confidence_rule": "score", "min_confidence": 0.8}, True),
        ({"confidence_rule": "score", "min_confidence": 0.9}, False),
    ],
)
def test_the_score_is_the_weighted_share_passed(*, changes: dict[str, Any], passed: bool) -> None:
    """One of three parts of one of three switches is unknown: 1/9 is missing."""
    confidence = judged(candidate(vwap_slope=NAN), **changes)
    assert confidence.score == pytest.approx(8 / 9)
    assert confidence.passed is passed
    assert confidence.failures == "vwap_slope unknown"


@given(
    vwap=st.floats(allow_nan=True),
    slope=st.floats(allow_nan=True),
    ac_z=st.floats(allow_nan=True),
)
def test_nothing_unknown_ever_passes_and_no_value_is_nan(
    vwap: float, slope: float, ac_z: float
) -> None:
    chosen = candidate(vwap=vwap, vwap_slope=slope)
    confidence = judged(chosen, breadth(1, 0, SPY=ac_z), use_futures_trend=True)
    for each in confidence.checks:
        assert each.value is None or not math.isnan(each.value)
        assert each.value is not None or each.outcome is Outcome.UNKNOWN
    assert 0 <= confidence.score <= 1
    assert not confidence.passed


def test_confidence_defaults_pass_a_good_candidate() -> None:
    confidence = assess(candidate(), CALM, Parameters(), Decimal(50), day_has_quotes=True)
    assert (confidence.passed, confidence.score, confidence.failures) == (True, 1.0, "")
