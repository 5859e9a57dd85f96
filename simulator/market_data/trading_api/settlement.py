"""When trades settle: by the rule of their time, on days on which banks pay, too."""

from __future__ import annotations

from datetime import date, timedelta

from engine.domain.session import is_session, next_session

LONGEST = timedelta(days=14)
"""No trade has taken longer than this to settle since 1990."""

_SINCE = (
    (date(2024, 5, 28), 1),
    (date(2017, 9, 5), 2),
    (date(1995, 6, 7), 3),
)
"""From which trade date on the SEC's rule 15c6-1 has said how many business days it takes."""

_BEFORE_THE_RULE = 5
_MONDAY, _SUNDAY = 0, 6
_EXCHANGES_KEEP_KING_DAY = 1998


def settlement_date(day: date) -> date:
    """Return when a trade of a date settles."""
    days = next((days for since, days in _SINCE if day >= since), _BEFORE_THE_RULE)
    for _ in range(days):
        day = _next_settlement_day(day)
    return day


def _next_settlement_day(day: date) -> date:
    following = next_session(day)
    while is_bank_holiday(following):
        following = next_session(following)
    return following


def is_bank_holiday(day: date) -> bool:
    """Say whether the exchange trades on a date on which the Federal Reserve's banks are closed.

    Columbus Day and Veterans Day, and until 1997 the birthday of Martin Luther King. A Veterans
    Day on a Sunday is kept on Monday; on a Saturday banks are open the day before.
    """
    if not is_session(day):
        return False
    nth_monday = (day.day + 6) // 7 if day.weekday() == _MONDAY else 0
    match day.month:
        case 1:
            return nth_monday == 3 and day.year < _EXCHANGES_KEEP_KING_DAY  # noqa: PLR2004
        case 10:
            return nth_monday == 2  # noqa: PLR2004
        case 11:
            kept = date(day.year, 11, 11)
            return day == (kept + timedelta(days=1) if kept.weekday() == _SUNDAY else kept)
        case _:
            return False
