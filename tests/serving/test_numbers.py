"""Numbers and JSON of strangers mean one thing, or are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.alpaca.wire.objects import amount
from adapters.alpaca.wire.rest import read_fault
from adapters.transport.token_bucket import TokenBucket
from app.clock import instant
from app.narrowing import parse_usd
from app.strategies.weights import weights_of
from engine.domain.errors import ConfigError
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


NOT_ASCII_DECIMAL = ["1_0", "\uff11\uff12", "\u0663", "9" * 5_000]
READERS: dict[str, Callable[[str], object]] = {
    "an amount of the venue": amount,
    "USD that a person types": parse_usd,
    "an instant that a person types": lambda text: instant(text, date(2026, 9, 18)),
    "a weight that a person types": lambda text: weights_of([f"reversion={text}"]),
}


@pytest.mark.parametrize("text", NOT_ASCII_DECIMAL, ids=lambda text: ascii(text[:8]))
@pytest.mark.parametrize("reader", READERS)
def test_whoever_reads_numbers_from_outside_refuses_what_is_none(reader: str, text: str) -> None:
    with pytest.raises((ValueError, ConfigError)) as refused:
        READERS[reader](text)
    assert "digits" not in str(refused.value)  # Python's own limit, as a traceback shows it
    READERS[reader]("1")


@pytest.mark.parametrize("text", NOT_ASCII_DECIMAL, ids=lambda text: ascii(text[:8]))
def test_a_number_of_the_venue_that_is_none_is_as_if_it_had_said_nothing(text: str) -> None:
    body = json.dumps({"code": text, "message": "no"}).encode()
    assert read_fault(422, body).code is None
    bucket = TokenBucket()
    limits = (f"x-ratelimit-{name}" for name in ("limit", "remaining", "reset"))
    bucket.answered(0, None, dict.fromkeys(("retry-after", *limits), text))
    assert (bucket.limit, bucket.left) == (200, 50)


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
