"""A history covers what was asked for, in the official document's words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from engine.domain.session import NANOS_PER_SECOND, session
from simulator.exchange import Fault
from simulator.server.routes.portfolio_history import Stretch, stretch, windows
from tests.simulator.server.conftest import DAY

HOURS = session(DAY)
OPEN, CLOSE = HOURS.open_ns // NANOS_PER_SECOND, HOURS.close_ns // NANOS_PER_SECOND
NOON = HOURS.at("12:00")
HOUR = 3_600
MINUTES = {second: Decimal(second) for second in range(OPEN - HOUR, CLOSE + HOUR, 60)}


def seconds(**query: str) -> list[int]:
    """Return the windows that a request at the end of the day is told."""
    asked = stretch(query, (CLOSE + HOUR) * NANOS_PER_SECOND)
    assert isinstance(asked, Stretch), asked.body
    return list(windows(MINUTES, asked))


def test_a_day_has_a_window_each_minute_of_its_regular_hours() -> None:
    assert seconds(period="1D") == list(range(OPEN, CLOSE, 60))
    assert seconds(period="1D", intraday_reporting="extended_hours") == list(MINUTES)
    assert seconds(period="1D", extended_hours="true") == list(MINUTES)


def test_a_window_is_named_by_its_beginning_and_worth_what_it_was_at_its_end() -> None:
    asked = stretch({"period": "1D", "timeframe": "15Min"}, CLOSE * NANOS_PER_SECOND)
    assert isinstance(asked, Stretch)
    told = windows(MINUTES, asked)
    assert list(told) == list(range(OPEN, CLOSE, 900))
    assert all(worth == second + 840 for second, worth in told.items())


def test_start_end_and_period_bound_it_two_at_a_time() -> None:
    start, end = "2026-09-18T11:00:00-04:00", "2026-09-18T12:00:30-04:00"
    first, last = HOURS.at("11:00") // NANOS_PER_SECOND, NOON // NANOS_PER_SECOND
    assert seconds(start=start, end=end) == list(range(first, last + 60, 60))
    assert seconds(start=start, period="1D") == list(range(first, CLOSE, 60))
    assert seconds(end=end, period="1D") == list(range(OPEN, last + 60, 60))
    assert isinstance(stretch({"start": start, "end": end, "period": "1D"}, NOON), Fault)


@pytest.mark.parametrize("query", [{"end": "2026-09-18"}, {"date_end": "2026-09-18"}])
def test_a_date_ends_with_its_day(query: dict[str, str]) -> None:
    asked = stretch(query | {"period": "1D"}, (CLOSE + 72 * HOUR) * NANOS_PER_SECOND)
    assert isinstance(asked, Stretch)
    assert list(windows(MINUTES, asked)) == list(range(OPEN, CLOSE, 60))


def test_the_evening_of_a_half_day_is_over_at_five() -> None:
    half = session(date(2025, 11, 28))
    minutes = {
        half.at(clock) // NANOS_PER_SECOND: Decimal(1) for clock in ("16:59", "17:00", "19:59")
    }
    query = {"end": "2025-11-28", "period": "1D", "extended_hours": "true"}
    asked = stretch(query, half.at("20:00"))
    assert isinstance(asked, Stretch)
    assert list(windows(minutes, asked)) == [half.at("16:59") // NANOS_PER_SECOND]


@pytest.mark.parametrize(
    ("period", "timeframe"), [("6D", "1Min"), ("3W", "15Min"), ("1M", "1D"), ("1A", "1D")]
)
def test_the_longer_the_stretch_the_wider_its_windows(period: str, timeframe: str) -> None:
    asked = stretch({"period": period}, NOON)
    assert isinstance(asked, Stretch)
    assert asked.timeframe == timeframe
    assert stretch({}, NOON) == stretch({"period": "1M"}, NOON)


@pytest.mark.parametrize(
    "query",
    [
        {"period": "0D"},
        {"period": "1H"},
        {"timeframe": "2Min"},
        {"start": "yesterday"},
        {"date_end": "tomorrow"},
        {"intraday_reporting": "never"},
        {"period": "2M", "timeframe": "1H"},
    ],
)
def test_what_the_document_does_not_know_is_refused(query: dict[str, str]) -> None:
    answer = stretch(query, NOON)
    assert isinstance(answer, Fault)
    assert answer.http_status == 422
