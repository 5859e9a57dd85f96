"""Numbers and JSON of strangers mean one thing, or are refused."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import StrictJsonError, exact, shown, strict_object, whole

INT64 = st.integers(-(2**63) + 1, 2**63 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | INT64 | st.floats(-1e18, 1e18) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(max_size=5), VALUES, min_size=1, max_size=4)


@given(INT64)
def test_a_whole_number_is_what_was_written(number: int) -> None:
    assert whole(str(number)) == number


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15))
def test_a_decimal_number_is_what_was_written(number: Decimal) -> None:
    assert exact(f"{number:.9f}") == Decimal(f"{number:.9f}")


@given(st.text("0123456789_\uff10\uff11\u0661 +-.eE\n", max_size=30))
def test_no_text_is_a_number_in_python_alone(text: str) -> None:
    for read in (whole, exact):
        try:
            number = read(text)
        except ValueError:
            continue
        assert text.isascii()
        assert not set("_ \n") & set(text)
        assert number == Decimal(text)


@given(OBJECTS)
@settings(max_examples=40)
def test_json_is_what_was_written(said: dict[str, object]) -> None:
    assert strict_object(json.dumps(said).encode()) == said


@given(OBJECTS)
@settings(max_examples=20)
def test_a_name_comes_once(said: dict[str, object]) -> None:
    text = json.dumps(said)
    twice = f"{text[:-1]}, {text[1:]}"
    with pytest.raises(StrictJsonError, match="comes twice"):
        strict_object(twice.encode())


@given(st.text(max_size=200) | st.lists(st.text()) | st.floats() | st.integers())
def test_what_is_repeated_is_short_and_plain(said: object) -> None:
    assert len(shown(said)) <= 41
    assert shown(said).removesuffix("…").isascii()
