"""Letters and amounts as they are typed, at any door."""

from __future__ import annotations

import re
from decimal import Decimal
from string import ascii_uppercase

from engine.domain.errors import ConfigError
from engine.domain.outside_text import exact

_CENT = Decimal("0.01")
_MOST_USD = 1_000_000_000_000
_SPAN = re.compile(r"^([A-Z_])(?:-([A-Z]))?$")


def parse_letters(text: str | None) -> tuple[str, ...]:
    """Return the letters of ``A``, ``A-C`` or ``A,M-P``, ascending; none for None.

    Raises
    ------
    ConfigError
        It is none of these.
    """
    found: set[str] = set()
    for part in () if text is None else text.upper().split(","):
        span = _SPAN.match(part.strip())
        if span is None:
            raise ConfigError(f"{part!r} is no letter or span of letters; write A, A-C or A,M-P")
        first, last = span[1], span[2] or span[1]
        if first > last:
            raise ConfigError(f"span {part} runs backwards; write {last}-{first}")
        found |= {first} if first == "_" else {c for c in ascii_uppercase if first <= c <= last}
    return tuple(sorted(found))


def parse_usd(text: str) -> Decimal:
    """Return an amount of more than 0 USD.

    Raises
    ------
    ConfigError
        It is none, or not in whole cents.
    """
    try:
        amount = exact(text)
    except ValueError as error:
        raise ConfigError(f"--balance {text!r} is no amount of USD; write 100000") from error
    if amount <= 0 or amount > _MOST_USD or amount % _CENT:
        raise ConfigError(
            f"--balance is {text}, expected more than 0 USD, {_MOST_USD:,} at most, in whole cents"
        )
    return amount
