"""Values in a few characters, in sentences and on pages."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from engine.domain.amounts import amount

_WHOLE_FROM = 100_000
"""From here on the digits behind the point say nothing."""

_TWO_DECIMALS_FROM = 100
"""From here on to there two of them are enough, and money keeps its cents."""

_EXPONENT_BELOW = 1e-4
"""Below here Python writes an exponent, which nobody who trades reads."""


def figure(value: object) -> str:
    """Return a value in a few characters; a dash for None."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return _rounded(value)
        case Decimal():
            return amount(value)
        case dict():
            counts = cast("dict[str, object]", value)
            return ", ".join(f"{name} {figure(each)}" for name, each in counts.items()) or "–"
        case _:
            return str(value)


def _rounded(value: float) -> str:
    if abs(value) >= _WHOLE_FROM:
        return f"{value:,.0f}"
    if abs(value) >= _TWO_DECIMALS_FROM:
        return f"{value:,.2f}".removesuffix(".00")
    if 0 < abs(value) < _EXPONENT_BELOW:
        return f"{Decimal(f'{value:.3e}').normalize():f}"
    return f"{value + 0.0:.4g}"  # no minus before a zero


def shown_value(value: object) -> str:
    """Return a value as people write it."""
    match value:
        case None:
            return "off"
        case bool():
            return str(value).lower()
        case list():
            return ",".join(map(str, value))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case int() | float():
            return f"{value:,g}" if abs(value) < 1e6 else f"{value:,.0f}"  # noqa: PLR2004
        case _:
            return str(value)
