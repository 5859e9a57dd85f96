"""A sparkline keeps the order of its values, whatever they are."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from reports.sparkline import BLOCKS, sparkline

ANY = st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=200)


@given(ANY)
def test_line_has_a_block_for_each_number_and_a_gap_for_what_is_none(values: list[float]) -> None:
    line = sparkline(values)
    assert len(line) == len(values)
    assert all((c in BLOCKS) == math.isfinite(v) for c, v in zip(line, values, strict=True))


@given(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=50))
def test_higher_values_never_get_lower_blocks(values: list[float]) -> None:
    line = sparkline(sorted(values))
    assert line == "".join(sorted(line))
    if max(values) - min(values) > 1e-290:
        assert (line[0], line[-1]) == (BLOCKS[0], BLOCKS[-1])


@given(ANY, st.integers(1, 40))
def test_width_is_a_limit(values: list[float], width: int) -> None:
    assert len(sparkline(values, width)) == min(width, len(values))


def test_narrow_line_keeps_the_spike() -> None:
    assert sparkline([0.0] * 50 + [9.0] + [0.0] * 49, 10) == "▁▁▁▁▁█▁▁▁▁"


def test_flat_series_is_a_flat_line() -> None:
    assert len(set(sparkline([3.0, 3.0, 3.0]))) == 1
