"""The parameters of a request, read as strictly as the venue reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from starlette.requests import Request

from engine.domain.session import day_of
from serving import whole
from simulator.market_data.requests.clock_times import end_moment, midnight, moment
from simulator.market_data.requests.door import Visit
from simulator.market_data.requests.refusal import Refused

HISTORICAL_FEEDS = ("iex", "otc", "sip", "boats")
LATEST_FEEDS = ("delayed_sip", "iex", "otc", "sip", "boats", "overnight")
RECORDED_FEEDS = ("sip", "iex", "delayed_sip")
"""Feeds that the recorded tape stands for; the others are empty."""

DEFAULT_LIMIT, MAX_LIMIT = 1000, 10_000
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9./_-]{0,20}")


class Stretch(NamedTuple):
    """A stretch of history that is asked for; both ends are included, UTC nanoseconds."""

    symbols: list[str]
    start_ns: int
    end_ns: int
    limit: int
    descending: bool
    page_token: str | None
    is_recorded: bool


def symbols_of(request: Request, *, required: bool = True) -> list[str]:
    """Return the symbols asked for, each once, in alphabetical order.

    Raises
    ------
    Refused
        There are none and some are required, or one cannot be a symbol.
    """
    text = request.path_params.get("symbol") or request.query_params.get("symbols", "")
    names = sorted({name.strip() for name in text.split(",") if name.strip()})
    if required and not names:
        raise Refused(400, "symbols is required")
    for name in names:
        if not _SYMBOL.fullmatch(name):
            raise Refused(400, f"invalid symbol: {name}")
    return names


def whole_number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Return a parameter between 1 and ``most``.

    Raises
    ------
    Refused
        It is no whole number or out of range.
    """
    text = query.get(name, "")
    if not text:
        return default
    try:
        number = whole(text)
    except ValueError as error:
        raise Refused(400, f"invalid {name}: {error}") from error
    if not 1 <= number <= most:
        raise Refused(400, f"invalid {name}: {text}, expected 1 to {most}")
    return number


def one_of(
    query: Mapping[str, str], name: str, choices: tuple[str, ...], default: str | None
) -> str:
    """Return a parameter that must be one of a few words; "" for one that is absent.

    Raises
    ------
    Refused
        It is another word.
    """
    text = query.get(name) or default or ""
    if text and text not in choices:
        raise Refused(400, f"invalid {name}: {text}")
    return text


def words_of(query: Mapping[str, str], name: str, choices: frozenset[str]) -> set[str]:
    """Return a parameter that is a list of words, divided by commas; empty for an absent one.

    Raises
    ------
    Refused
        One is another word.
    """
    words = {word.strip() for word in query.get(name, "").split(",") if word.strip()}
    for word in sorted(words - choices):
        raise Refused(400, f"invalid {name}: {word}")
    return words


def truth(query: Mapping[str, str], name: str) -> bool:
    """Return a parameter that is true or false, false when it is absent.

    Raises
    ------
    Refused
        It is another word.
    """
    return one_of(query, name, ("true", "false", "True", "False", "1", "0"), "false").lower() in (
        "true",
        "1",
    )


def check_currency(request: Request) -> dict[str, str]:
    """Return the ``currency`` field of the answer, which is there when it was asked for.

    Raises
    ------
    Refused
        It is not the US dollar: the tape was recorded in no other.
    """
    text = request.query_params.get("currency")
    if text is None:
        return {}
    if text != "USD":
        raise Refused(400, f"invalid currency: {text}")
    return {"currency": text}


def _check_as_of(request: Request) -> None:
    text = request.query_params.get("asof", "-")
    if text in ("", "-"):
        return
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise Refused(400, f"invalid asof: {text!r} is no date") from error


def span_of(request: Request, default_start: int, default_end: int) -> tuple[int, int]:
    """Return ``start`` and ``end``, both part of the stretch: a date is all of its New York day.

    Raises
    ------
    Refused
        One cannot be read, or the end is before the start.
    """
    start, end = request.query_params.get("start"), request.query_params.get("end")
    start_ns = moment(start, "start") if start else default_start
    end_ns = end_moment(end, "end") if end else default_end
    if (start or end) and end_ns < start_ns:
        raise Refused(400, "end should not be before start")
    return start_ns, end_ns


def stretch_of(request: Request, visit: Visit, now: int) -> Stretch:
    """Return the stretch of history that is asked for.

    Raises
    ------
    Refused
        A parameter is wrong, or the plan does not cover it.
    """
    symbols = symbols_of(request)
    feed = one_of(request.query_params, "feed", HISTORICAL_FEEDS, None)
    start_ns, end_ns = span_of(request, midnight(day_of(now)), now)
    _check_as_of(request)
    asked_end = end_ns if request.query_params.get("end") else None
    feed, end_ns = visit.feed(feed or None, asked_end, now)
    return Stretch(
        symbols,
        start_ns,
        end_ns,
        whole_number(request.query_params, "limit", DEFAULT_LIMIT, MAX_LIMIT),
        one_of(request.query_params, "sort", ("asc", "desc"), "asc") == "desc",
        request.query_params.get("page_token") or None,
        feed in RECORDED_FEEDS,
    )
