"""What one row of the parameter table is made of, and how its text is read."""

from __future__ import annotations

from datetime import time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from engine.domain.symbols import is_symbol

Hot = Literal["yes", "no", "reseed", "rebalance", "restart", "step_up_raised", "step_up_loosened"]
"""What a change to a running engine takes.

``reseed`` fills the windows again from stored buckets, ``rebalance`` cuts the slots of the next
day, ``step_up_*`` asks the operator to prove who they are when the value is raised or loosened.
"""

_LARGEST_RATIO = Decimal("0.05")
_OFF = frozenset({"", "off", "none", "null", "~"})
_OPENS, _CLOSES = time(9, 30), time(16, 0)

LAST_SECOND = 16 * 3_600
"""The regular close, in seconds since midnight."""


class ParameterGroup(StrEnum):
    """What a parameter is about; tables show them in this order."""

    LIVE = "live"
    """Where orders go, and when a live feed is trusted."""
    SCAN = "scan"
    """What makes a candidate."""
    DECISION = "decision"
    """What a candidate is asked before it is traded."""
    BRACKET = "bracket"
    """How a trade is entered and left."""
    RISK = "risk"
    """How large trades are, and how many at once."""
    DAY = "day"
    """What ends a day, and its windows."""
    CLUSTER = "cluster"
    """How work is cut, and how long what is between its parts is kept."""


def row(
    group: ParameterGroup,
    default: object,
    unit: str,
    description: str,
    *,
    low: float | None = None,
    high: float | None = None,
    hot: Hot = "yes",
    scan: bool = False,
) -> Any:
    """Return the field of a row; both ends of its range are allowed.

    ``scan`` marks what shapes candidates, and so belongs to the hash of a stored scan.
    """
    extra: dict[str, Any] = {"group": group.value, "unit": unit, "hot": hot, "scan": scan}
    if low is not None and high is not None:
        extra |= {"minimum": low, "maximum": high}
    return Field(default, description=description, json_schema_extra=extra)


def _one_spelling(value: Decimal) -> Decimal:
    """Return 5000 for 5000.0 and 5e3: one value must have one hash."""
    return Decimal(f"{value.normalize():f}")


def _refuse_ratio(value: object) -> object:
    try:
        is_ratio = 0 < Decimal(str(value)) < _LARGEST_RATIO
    except InvalidOperation:
        return value
    if is_ratio:
        percent = _one_spelling(100 * Decimal(str(value)))
        raise ValueError(f"this looks like a ratio where percent is meant: write {percent} for it")
    return value


def read_off(value: object) -> object:
    """Return None for a word that switches a parameter off."""
    return None if isinstance(value, str) and value.strip().lower() in _OFF else value


def is_within(value: object, low: float, high: float) -> bool:
    """Say whether a number lies in a range as it is written: 0.1 is 0.1, binary or decimal."""
    return Decimal(str(low)) <= Decimal(str(value)) <= Decimal(str(high))


def _clock(value: str) -> str:
    try:
        clock = time.fromisoformat(value)
    except ValueError:
        raise ValueError("expected a New York time HH:MM or HH:MM:SS, such as 15:30") from None
    if clock.tzinfo is not None or not _OPENS <= clock <= _CLOSES:
        raise ValueError("expected a New York time from 09:30 to 16:00")
    return clock.isoformat("seconds" if clock.second else "minutes")


def seconds_of_day(clock: str) -> int:
    """Return a ``Clock`` in seconds since midnight."""
    at = time.fromisoformat(clock)
    return 3_600 * at.hour + 60 * at.minute + at.second


def _tickers(value: object) -> object:
    if isinstance(value, str):
        return tuple(ticker.strip() for ticker in value.split(","))
    return value


def _each_once(tickers: tuple[str, ...]) -> tuple[str, ...]:
    wrong = [each for each in tickers if not is_symbol(each) or each == each.lower()]
    if wrong or len(set(tickers)) < len(tickers):
        found = f", found {wrong[0]!r}" if wrong else ""
        raise ValueError(
            "expected tickers with commas between them, each once and in capitals, such as "
            f"SPY,QQQ{found}"
        )
    return tickers


Exact = Annotated[
    Decimal,
    AfterValidator(_one_spelling),
    PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number"}),
]
"""A number that shapes an order or a limit on cash; a plain number in JSON."""

Percent = Annotated[Exact, BeforeValidator(_refuse_ratio)]
"""Percent of something; what looks like a ratio is refused with a hint."""

Clock = Annotated[str, AfterValidator(_clock)]
"""New York wall-clock time ``HH:MM[:SS]``."""

Tickers = Annotated[tuple[str, ...], BeforeValidator(_tickers), AfterValidator(_each_once)]
"""Symbols, as a list or as text with commas."""
