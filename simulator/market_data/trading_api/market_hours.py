"""Clock and calendar of the trading API, by simulated time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Any

from starlette.requests import Request

from engine.domain.session import (
    Session,
    day_of,
    is_session,
    next_session,
    session,
    sessions,
)
from simulator.exchange.book.hours import hours_on
from simulator.instants import rfc3339
from simulator.market_data.requests.clock_times import a_date, moment, new_york
from simulator.market_data.requests.door import Visit
from simulator.market_data.requests.query import one_of
from simulator.market_data.requests.refusal import Refused
from simulator.market_data.trading_api.settlement import LONGEST, settlement_date

_FIRST, _LAST = date(1990, 1, 1), date(2029, 12, 31)
_MARKETS = {
    "NYSE": ("New York Stock Exchange", "XNYS"),
    "NASDAQ": ("National Association of Securities Dealers Automated Quotations", "XNAS"),
}
_BY_MIC = {mic: acronym for acronym, (_, mic) in _MARKETS.items()}
_WEEK = timedelta(days=7)


class MarketHours:
    """Answers about when the market is open; ``now`` is simulated time in UTC nanoseconds."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now

    def clock(self, request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG002
        """Answer ``/v2/clock``."""
        now = self._now()
        today, following = _sessions_around(now)
        is_open = today is not None and today.open_ns <= now < today.close_ns
        closing = today if today is not None and now < today.close_ns else following
        opening = today if today is not None and now < today.open_ns else following
        return {
            "timestamp": new_york(now),
            "is_open": is_open,
            "next_open": new_york(opening.open_ns),
            "next_close": new_york(closing.close_ns),
        }

    def calendar(self, request: Request, visit: Visit) -> list[dict[str, Any]]:  # noqa: ARG002
        """Answer ``/v2/calendar``; the years from 1990 to 2029 are known."""
        start, end = (
            _known(_date(request, name, default))
            for name, default in (("start", _FIRST), ("end", _LAST))
        )
        kind = one_of(request.query_params, "date_type", ("TRADING", "SETTLEMENT"), "TRADING")
        if kind == "TRADING":
            return [_legacy_day(day) for day in _days(start, end)]
        rows = [_legacy_day(day) for day in _days(start - LONGEST, end)]
        return [row for row in rows if str(start) <= row["settlement_date"] <= str(end)]

    def clocks(self, request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG002
        """Answer ``/v3/clock``."""
        time = request.query_params.get("time")
        now = moment(time, "time") if time else self._now()
        if not _FIRST < day_of(now) < _LAST:
            raise Refused(400, f"invalid time: {time!r}, expected one from {_FIRST} to {_LAST}")
        names = request.query_params.get("markets") or "NYSE"
        return {"clocks": [_clock(_market(name), now) for name in names.split(",")]}

    def days(self, request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG002
        """Answer ``/v3/calendar/{market}``."""
        market = _market(request.path_params["market"])
        start = _known(_date(request, "start", day_of(self._now())))
        end = _known(_date(request, "end", start + _WEEK))
        if end < start:
            raise Refused(400, "end should not be before start")
        in_utc = bool(one_of(request.query_params, "timezone", ("UTC",), None))
        calendar = [_day(day, rfc3339 if in_utc else new_york) for day in sessions(start, end)]
        return {"market": market, "calendar": calendar}


@lru_cache(maxsize=16)
def _days(start: date, end: date) -> tuple[date, ...]:
    return tuple(sessions(start, end))


def _sessions_around(now: int) -> tuple[Session | None, Session]:
    """Return the session of today, None where there is none, and the first after today."""
    today = day_of(now)
    return session(today) if is_session(today) else None, session(next_session(today))


def _known(day: date) -> date:
    """Return the nearest date that the calendar knows."""
    return min(max(day, _FIRST), _LAST)


def _date(request: Request, name: str, default: date) -> date:
    text = request.query_params.get(name)
    return a_date(text, name) if text else default


def _market(name: str) -> dict[str, str]:
    acronym = _BY_MIC.get(name, name)
    if acronym not in _MARKETS:
        raise Refused(400, f"invalid market: {name}")
    title, mic = _MARKETS[acronym]
    return {"acronym": acronym, "mic": mic, "name": title, "timezone": "America/New_York"}


def _clock(market: dict[str, str], now: int) -> dict[str, Any]:
    today, following = _sessions_around(now)
    phase, until = "closed", following.pre_market_ns
    if today is not None:
        for name, end in zip(("closed", "pre", "core", "post"), _edges(today), strict=True):
            if now < end:
                phase, until = name, end
                break
    opening = today if today is not None and now < today.open_ns else following
    closing = today if today is not None and now < today.close_ns else following
    return {
        "market": market,
        "timestamp": new_york(now),
        "is_market_day": today is not None,
        "next_market_open": new_york(opening.open_ns),
        "next_market_close": new_york(closing.close_ns),
        "phase": phase,
        "phase_until": new_york(until),
    }


def _edges(day: Session) -> tuple[int, int, int, int]:
    """Return where the night, the pre-market, the core session and the post-market end."""
    hours = hours_on(day.day)
    return hours.morning_ns, hours.open_ns, hours.close_ns, hours.end_ns


@cache
def _legacy_day(day: date) -> dict[str, Any]:
    pre, opens, closes, post = (new_york(edge)[11:16] for edge in _edges(session(day)))
    return {
        "date": day.isoformat(),
        "open": opens,
        "close": closes,
        "session_open": pre.replace(":", ""),
        "session_close": post.replace(":", ""),
        "settlement_date": settlement_date(day).isoformat(),
    }


def _day(day: date, told: Callable[[int], str]) -> dict[str, Any]:
    pre, opens, closes, post = _edges(session(day))
    return {
        "date": day.isoformat(),
        "pre_start": told(pre),
        "pre_end": told(opens),
        "core_start": told(opens),
        "core_end": told(closes),
        "post_start": told(closes),
        "post_end": told(post),
        "settlement_date": settlement_date(day).isoformat(),
    }
