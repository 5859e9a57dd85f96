"""How reports write numbers, money and times; what is unknown is a dash."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal

from engine.domain.amounts import amount, exact
from engine.domain.session import NANOS_PER_SECOND, NEW_YORK

UNKNOWN = "—"

Number = float | int | Decimal | None

_SECONDS_PER_MINUTE = 60
_MICRO, _MILLI = 1e-6, 1e-3
_PRICE_DECIMALS = 4
_ROUNDS_UP = 0.9995
"""Of a unit: what has three figures is written as one of it from here on."""

_CENT = Decimal("0.01")
_TWO_DECIMALS_FROM = 100
_EXACT = frozenset({"net_pnl", "gross_profit", "gross_loss", "commission", "max_drawdown"})
"""Figures of a run that are sums of money."""

_MEANS = frozenset({"expectancy", "avg_win", "avg_loss"})
"""Those that are means of money."""


def known(value: Number) -> bool:
    """Say whether there is a finite number to show."""
    return value is not None and math.isfinite(value)


def number(value: Number, decimals: int = 2, *, signed: bool = False) -> str:
    """Return a number with thousands separators: ``1,234.50``."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    rounded = round(float(value), decimals) + 0.0
    return f"{rounded:{'+' if signed and rounded else ''},.{decimals}f}"


def count(value: Number) -> str:
    """Return a whole number: ``60,000,000``."""
    return number(value, 0)


def compact(value: Number) -> str:
    """Return a large number in three figures: ``60.5 M``."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size * _ROUNDS_UP:
            return f"{_three_figures(float(value) / size)} {unit}"
    return _three_figures(float(value))


def _three_figures(value: float) -> str:
    """Return a number with three figures that count, without an exponent."""
    return f"{Decimal(f'{value:.2e}'):f}".removesuffix(".00").removesuffix(".0")


def usd(value: Number, *, signed: bool = False) -> str:
    """Return exact money: ``$1,234.50``, ``-$3.205``, ``+$7.00`` when signed."""
    return money(value, signed=signed, unit="$")


def mean_usd(value: Number, *, signed: bool = False) -> str:
    """Return money that is a mean, to the cent: a mean has no exact amount."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return usd(exact(value).quantize(_CENT), signed=signed)


def money(value: Number, *, signed: bool = False, unit: str = "") -> str:
    """Return an amount with every decimal that it has, two at least: ``-946.395``."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    held = exact(value)
    sign = "-" if held < 0 else "+" if signed and held > 0 else ""
    return f"{sign}{unit}{amount(abs(held))}"


def metric(name: str, value: object) -> str:
    """Return a figure of ``engine.accounting.Performance``: money exact, the rest in few digits."""
    match value:
        case bool() | None | str():
            return UNKNOWN if value is None else str(value)
        case int():
            return money(value) if name in _EXACT else f"{value:,}"
        case float() | Decimal() if name in _EXACT:
            return money(value)
        case float() | Decimal() if name in _MEANS:
            return f"{money(exact(value).quantize(_CENT))} on average"
        case float():
            return f"{value:,.2f}" if abs(value) >= _TWO_DECIMALS_FROM else f"{value + 0.0:.4g}"
        case dict():
            counts: dict[str, object] = value  # pyright: ignore[reportUnknownVariableType]
            return ", ".join(f"{words(key)} {each}" for key, each in counts.items()) or UNKNOWN
        case _:
            return str(value)


def price(value: Number) -> str:
    """Return a price in USD with two to four decimals: ``101.5025``."""
    text = number(value, _PRICE_DECIMALS)
    return text if text == UNKNOWN else text[:-2] + text[-2:].rstrip("0")


def percent(value: Number, decimals: int = 2, *, signed: bool = False) -> str:
    """Return a figure that is already in percent: ``3.20%``."""
    text = number(value, decimals, signed=signed)
    return text if text == UNKNOWN else f"{text}%"


def share(value: Number, decimals: int = 1) -> str:
    """Return a ratio in 0..1 as percent: ``0.625`` is ``62.5%``."""
    return percent(None if value is None else float(value) * 100, decimals)


def duration(seconds: Number) -> str:
    """Return a stretch of time: ``43.4 µs``, ``0.42 s``, ``42.1 s``, ``7m 05s``, ``1h 07m``."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if 0 < abs(seconds) < _MILLI:
        return f"{_three_figures(float(seconds) / _MICRO)} µs"
    if abs(seconds) < _SECONDS_PER_MINUTE:
        return f"{float(seconds):.3g} s"
    minutes, rest = divmod(round(float(seconds)), _SECONDS_PER_MINUTE)
    hours, minutes = divmod(minutes, _SECONDS_PER_MINUTE)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {rest:02d}s"


def clock(ts: int | None) -> str:
    """Return the New York time of day of a UTC nanosecond: ``09:35:05``."""
    return UNKNOWN if ts is None else f"{_moment(ts):%H:%M:%S}"


def date_clock(ts: int | None) -> str:
    """Return the New York date and time of day of a UTC nanosecond: ``2026-09-18 09:35:05``."""
    return UNKNOWN if ts is None else f"{_moment(ts):%Y-%m-%d %H:%M:%S}"


def words(name: str) -> str:
    """Return an enum value or key as words: ``flat_by_close`` is ``flat by close``."""
    return name.replace("_", " ").lower()


def _moment(ts: int) -> datetime:
    return datetime.fromtimestamp(int(ts) // NANOS_PER_SECOND, tz=UTC).astimezone(NEW_YORK)
