"""The table of the exchange's days is what ``exchange_calendars`` says, day by day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import exchange_calendars
import pytest

from engine.domain.errors import ConfigError
from engine.domain.nyse_days import FIRST_YEAR, LAST_YEAR
from engine.domain.session import is_session, session, sessions


def test_every_session_of_the_table_opens_and_closes_as_the_calendar_says() -> None:
    first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
    exchange: Any = exchange_calendars.get_calendar(
        "XNYS", start=f"{FIRST_YEAR - 1}-12-01", end=f"{LAST_YEAR + 1}-01-31"
    )
    hours = exchange.schedule.loc[first.isoformat() : last.isoformat()]
    days = [stamp.date() for stamp in hours.index]
    assert sessions(first, last) == days, "write these days into engine/domain/nyse_days.py"
    found = [(session(day).open_ns, session(day).close_ns) for day in days]
    said = zip(hours["open"].astype("int64"), hours["close"].astype("int64"), strict=True)
    assert found == list(said)


@pytest.mark.parametrize("year", [FIRST_YEAR - 1, LAST_YEAR + 1])
def test_a_year_beyond_the_table_is_asked_of_the_calendar(year: int) -> None:
    new_year, monday = date(year, 1, 1), date(year, 2, 1)
    monday += timedelta(days=-monday.weekday() % 7)
    assert not is_session(new_year)
    assert is_session(monday)
    assert session(monday).close_ns - session(monday).open_ns == 6.5 * 3_600 * 10**9
    with pytest.raises(ConfigError, match="the next one is"):
        session(new_year)
