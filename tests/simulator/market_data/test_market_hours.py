"""Clock and calendar by simulated time."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from simulator.exchange.book.hours import Phase, hours_at
from simulator.market_data.trading_api.settlement import settlement_date
from tests.simulator.market_data.conftest import Hands
from tests.simulator.market_data.loopback import Loopback


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("moment", "is_open", "phase", "opens", "closes"),
    [
        ("2018-09-18T09:29:59-04:00", False, "pre", "18T09:30", "18T16:00"),
        ("2018-09-18T09:30:00-04:00", True, "core", "19T09:30", "18T16:00"),
        ("2018-09-18T15:59:59-04:00", True, "core", "19T09:30", "18T16:00"),
        ("2018-09-18T16:00:00-04:00", False, "post", "19T09:30", "19T16:00"),
        ("2018-09-18T20:00:00-04:00", False, "closed", "19T09:30", "19T16:00"),
        ("2018-09-18T03:59:59-04:00", False, "closed", "18T09:30", "18T16:00"),
        ("2018-09-22T12:00:00-04:00", False, "closed", "24T09:30", "24T16:00"),
    ],
)
def test_the_clock_follows_simulated_time(
    served: Loopback,
    now: Hands,
    moment: str,
    is_open: bool,  # noqa: FBT001  (a case of the table)
    phase: str,
    opens: str,
    closes: str,
) -> None:
    now.now = at(moment)
    clock = served.get("/v2/clock").json()
    assert clock["timestamp"] == moment
    assert clock["is_open"] is is_open
    assert clock["next_open"] == f"2018-09-{opens}:00-04:00"
    assert clock["next_close"] == f"2018-09-{closes}:00-04:00"
    (newer,) = served.get("/v3/clock").json()["clocks"]
    assert newer["phase"] == phase
    assert newer["phase_until"] > moment
    assert newer["next_market_open"] == clock["next_open"]


@pytest.mark.parametrize("minute", ["16:59:59", "17:00:00", "17:30:00"])
@pytest.mark.parametrize(("day", "monday"), [("2018-11-23", "26"), ("2026-11-27", "30")])
def test_every_door_ends_the_evening_of_a_half_day_at_the_same_time(
    served: Loopback, now: Hands, day: str, monday: str, minute: str
) -> None:
    now.now = at(f"{day}T{minute}-05:00")
    (clock,) = served.get("/v3/clock").json()["clocks"]
    assert clock["phase"] == ("post" if minute < "17" else "closed")
    assert hours_at(now.now).phase(now.now) == (Phase.EVENING if minute < "17" else Phase.CLOSED)
    until = f"{day}T17:00" if minute < "17" else f"{day[:8]}{monday}T04:00"
    assert clock["phase_until"] == f"{until}:00-05:00"


def test_the_calendar_knows_holidays_and_half_days(served: Loopback) -> None:
    days = served.get("/v2/calendar", start="2018-11-21", end="2018-11-26").json()
    assert [(day["date"], day["close"], day["session_close"]) for day in days] == [
        ("2018-11-21", "16:00", "2000"),
        ("2018-11-23", "13:00", "1700"),
        ("2018-11-26", "16:00", "2000"),
    ]
    (newer,) = served.get("/v3/calendar/NYSE", start="2018-11-23", end="2018-11-23").json()[
        "calendar"
    ]
    assert newer["post_end"] == "2018-11-23T17:00:00-05:00"
    settled = served.get(
        "/v2/calendar", start="2018-11-26", end="2018-11-26", date_type="SETTLEMENT"
    ).json()
    assert [day["date"] for day in settled] == ["2018-11-21"]


@pytest.mark.parametrize(
    ("traded", "settles"),
    [
        (date(2017, 9, 1), date(2017, 9, 7)),
        (date(2018, 9, 18), date(2018, 9, 20)),
        (date(2024, 5, 24), date(2024, 5, 29)),
        (date(2024, 5, 28), date(2024, 5, 29)),
        (date(1990, 1, 10), date(1990, 1, 18)),  # five days, none of them Martin Luther King's
        (date(1998, 1, 15), date(1998, 1, 21)),  # since then the exchange keeps it, too
        (date(1995, 6, 6), date(1995, 6, 13)),
        (date(1995, 6, 7), date(1995, 6, 12)),
        (date(1999, 10, 6), date(1999, 10, 12)),  # Columbus Day
        (date(2025, 10, 10), date(2025, 10, 14)),
        (date(2025, 10, 13), date(2025, 10, 14)),
        (date(2025, 11, 10), date(2025, 11, 12)),  # Veterans Day
        (date(2018, 11, 9), date(2018, 11, 14)),  # on a Sunday, so that Monday is kept
        (date(2023, 11, 9), date(2023, 11, 13)),  # on a Saturday: banks are open on Friday
    ],
)
def test_trades_settle_after_the_days_of_their_time(traded: date, settles: date) -> None:
    assert settlement_date(traded) == settles


def test_every_trade_is_found_by_the_day_on_which_it_settles(served: Loopback) -> None:
    """The longest took eleven days: the exchanges were closed in September 2001."""
    day = "2001-09-18"
    rows = served.get("/v2/calendar", start=day, end=day, date_type="SETTLEMENT").json()
    assert [row["date"] for row in rows] == ["2001-09-07"]
