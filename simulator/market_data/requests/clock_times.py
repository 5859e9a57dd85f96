"""Times as the REST API reads and writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.domain.session import NANOS_PER_SECOND, NEW_YORK
from simulator.market_data.requests.refusal import Refused

MINUTE_NS = 60 * NANOS_PER_SECOND
_FARTHEST_NS = 1 << 62
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"(?P<whole>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?)(\.(?P<part>\d{1,9})\d*)?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)


def stamps(ts: NDArray[np.int64]) -> list[str]:
    """Return many times as ``rfc3339`` does one."""
    written: list[str] = np.datetime_as_string(ts.astype("datetime64[ns]")).tolist()
    return [text.rstrip("0").rstrip(".") + "Z" for text in written]


def new_york(ts: int) -> str:
    """Return UTC nanoseconds as RFC 3339 with New York's offset, as the market clock tells them."""
    seconds, nanos = divmod(ts, NANOS_PER_SECOND)
    whole = datetime.fromtimestamp(seconds, NEW_YORK).isoformat()
    part = f".{nanos:09d}".rstrip("0").rstrip(".")
    return whole[:19] + part + whole[19:]


def midnight(day: date) -> int:
    """Return the nanosecond at which a New York date begins."""
    return int(datetime.combine(day, time(), tzinfo=NEW_YORK).timestamp()) * NANOS_PER_SECOND


def end_of(day: date) -> int:
    """Return the last nanosecond of a New York date."""
    return midnight(day + timedelta(days=1)) - 1


def moment(text: str, name: str) -> int:
    """Return a parameter in RFC 3339 or as a date (its New York midnight) in UTC nanoseconds.

    Raises
    ------
    Refused
        It is neither.
    """
    found = _MOMENT.fullmatch(text.strip().replace(" ", "+") if "T" in text else text)
    unread = Refused(400, f"invalid {name}: {text!r} is neither RFC 3339 nor YYYY-MM-DD")
    try:
        if _DATE.fullmatch(text):
            return _bounded(midnight(date.fromisoformat(text)))
        if found is None:
            raise unread
        zone = found["zone"] or "Z"
        whole = int(datetime.fromisoformat(found["whole"] + zone).timestamp())
    except (ValueError, OverflowError) as error:
        raise unread from error
    return _bounded(whole * NANOS_PER_SECOND + int((found["part"] or "0").ljust(9, "0")))


def time_of(query: Mapping[str, str], name: str) -> int | None:
    """Return a parameter as ``moment`` reads it, None if it is not given."""
    return moment(query[name], name) if query.get(name) else None


def end_moment(text: str, name: str) -> int:
    """Return the ``end`` of a stretch, which is part of it: of a date its last nanosecond.

    Raises
    ------
    Refused
        It is neither RFC 3339 nor a date.
    """
    if not _DATE.fullmatch(text):
        return moment(text, name)
    day = a_date(text, name)
    return moment(text, name) if day == date.max else _bounded(end_of(day))


def _bounded(ts: int) -> int:
    """Return a time as near as 64 bits allow."""
    return max(-_FARTHEST_NS, min(_FARTHEST_NS, ts))


def a_date(text: str, name: str) -> date:
    """Return a parameter as a date; of a time the date is taken as it is written.

    The official JavaScript client writes a date as its midnight in UTC.

    Raises
    ------
    Refused
        It is none.
    """
    if not _DATE.fullmatch(text):
        moment(text, name)
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError as error:
        raise Refused(400, f"invalid {name}: {text!r} is no date") from error
