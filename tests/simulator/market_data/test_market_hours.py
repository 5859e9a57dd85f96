"""Clock and calendar by simulated time."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from simulator.market_data.market_hours import settlement_date
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


def test_the_calendar_knows_holidays_and_half_days(served: Loopback) -> None:
    days = served.get("/v2/calendar", start="2018-11-21", end="2018-11-26").json()
    assert [(day["date"], day["close"]) for day in days] == [
        ("2018-11-21", "16:00"),
        ("2018-11-23", "13:00"),
        ("2018-11-26", "16:00"),
    ]
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
    ],
)
def test_trades_settle_after_the_days_of_their_time(traded: date, settles: date) -> None:
    assert settlement_date(traded) == settles
