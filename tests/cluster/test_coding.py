"""Reports come back from bytes bit by bit, and bytes that are none are refused as such."""

from __future__ import annotations

import struct
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.coding import VERSION, packed, unpacked_report, unpacked_rest
from cluster.reports import NO_WINDOW, Owner, SlotReport, SlotRest, split_report
from engine.domain.candidate import (
    Breadth,
    BucketReport,
    Candidate,
    FadeReason,
    Feature,
    IndexReading,
    Oscillators,
    Phase,
    Side,
    StrategyFailure,
    Window,
)
from engine.domain.errors import DataError
from engine.domain.market_data.quotes import Quote

OTHER_NAN = struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_0000_0123))[0]
floats = st.one_of(
    st.floats(), st.sampled_from([0.0, -0.0, float("inf"), float("nan"), OTHER_NAN, 5e-324])
)
ints = st.integers(-(2**63), 2**63 - 1)
shares = st.one_of(st.integers(0, 10**12), st.decimals("0", "99999999", places=6))
texts = st.text(max_size=6)
quotes = st.builds(Quote, ints, ints, ints, ints, ints)
features = st.lists(st.builds(Feature, texts, floats, floats, st.booleans()), max_size=3).map(tuple)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    n = draw(st.integers(0, 4))
    ts, high, low, last = (
        np.array(draw(st.lists(ints, min_size=n, max_size=n)), np.int64) for _ in range(4)
    )
    volume, ao, ac = (
        np.array(draw(st.lists(floats, min_size=n, max_size=n)), np.float64) for _ in range(3)
    )
    return Window(ts, high, low, last, volume, ao, ac)


candidates = st.builds(
    Candidate,
    strategy_id=texts, symbol=texts, side=st.sampled_from(Side), phase=st.sampled_from(Phase),
    ts_event=ints, ts_init=ints, fade_reason=st.one_of(st.none(), st.sampled_from(FadeReason)),
    qualified=st.booleans(), score=floats, strength=floats, confidence=floats, notional=floats,
    features=features, last=ints, volume=shares, session_volume=shares, sigma_bps=floats,
    vwap=floats, vwap_slope=floats, quote=st.one_of(st.none(), quotes), window=windows(),
    oscillators=st.one_of(
        st.none(),
        st.builds(Oscillators, floats, floats, floats, floats, floats, floats, shares),
    ),
)  # fmt: skip
reports = st.builds(
    BucketReport,
    ts_event=ints, ts_init=ints,
    breadth=st.builds(
        Breadth, ints, ints, ints,
        st.lists(st.builds(IndexReading, texts, floats, floats), max_size=3).map(tuple),
    ),
    candidates=st.lists(candidates, max_size=3).map(tuple),
    failures=st.lists(st.builds(StrategyFailure, ints, texts, texts), max_size=2).map(tuple),
    missing=st.lists(texts, max_size=2).map(tuple),
)  # fmt: skip
told = st.builds(SlotReport, texts, st.builds(Owner, ints, ints), ints, reports, ints)
rests = st.builds(
    SlotRest, texts, st.builds(Owner, ints, ints), ints, st.lists(candidates, max_size=3).map(tuple)
)


def bits(value: Any) -> Any:
    """Return a value with floats and arrays as their bits, and of what type each is."""
    match value:
        case msgspec.Struct():
            return type(value), [bits(getattr(value, name)) for name in value.__struct_fields__]
        case tuple():
            return [bits(each) for each in value]
        case np.ndarray():
            return value.dtype.str, value.shape, value.tobytes()
        case float():
            return struct.pack("<d", value)
        case _:
            return type(value), value


@given(told)
def test_a_report_comes_back_bit_by_bit(report: SlotReport) -> None:
    assert bits(unpacked_report(packed(report))) == bits(report)


@given(rests)
def test_the_rest_comes_back_bit_by_bit(rest: SlotRest) -> None:
    assert bits(unpacked_rest(packed(rest))) == bits(rest)


@given(told, st.data())
def test_bytes_that_are_no_report_are_refused_as_such(
    report: SlotReport, data: st.DataObject
) -> None:
    whole = packed(report)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(DataError):
        unpacked_report(whole[:cut])
    changed = bytearray(whole)
    changed[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(DataError):
        unpacked_report(bytes(changed))


def test_another_version_is_refused_and_both_are_named() -> None:
    with pytest.raises(DataError, match=f"of version {VERSION}, found version 9: run hub and"):
        unpacked_report(b"\x09rest")


@given(report=reports, weighs=st.booleans())
def test_the_two_parts_are_the_whole_and_what_decides_keeps_its_window(
    report: BucketReport, *, weighs: bool
) -> None:
    said_by = {each.strategy_id for each in report.candidates[:2]}
    first, rest = split_report(report, "A", Owner(1, 1), 1, said_by=said_by, weighs=weighs)
    others = () if rest is None else rest.candidates
    assert first.others == len(others)
    speaking = [each for each in report.candidates if each.strategy_id in said_by]
    assert len(first.report.candidates) + len(others) == len(speaking)
    decides = [
        each for each in speaking
        if each.qualified or (weighs and each.phase is not Phase.FADED)
    ]  # fmt: skip
    assert [bits(each) for each in first.report.candidates] == [bits(each) for each in decides]
    assert all(each.window is NO_WINDOW and not each.qualified for each in others)
    exact = {type(each.volume) for each in speaking}
    assert exact <= {int, Decimal}
