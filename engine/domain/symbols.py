"""What a symbol may look like, wherever one comes in, and which symbols nobody can own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.domain.errors import ConfigError

LONGEST_SYMBOL = 32

MARKS = "./:_^$+=#*-"
ENDING_MARKS = "+=^#*"
"""What may stand between the letters and figures of ASCII that a symbol is made of, and at its end:
``KO``, ``BRK.B``, ``BF-B``, ``BACpL``, ``BTC/USD``, ``ABC+``. It starts with a letter or figure and
has no two marks in a row: so it is no path, no option of a command line, no formula of a sheet."""

_SYMBOL = re.compile(
    rf"[A-Za-z0-9]+(?:[{re.escape(MARKS)}][A-Za-z0-9]+)*[{re.escape(ENDING_MARKS)}]?", re.ASCII
)
_HAS_LETTER = re.compile(r"[A-Za-z]", re.ASCII)

_TEST_ISSUE = re.compile(r"Z[A-Z]ZZ[A-Z]?(?:[./-][A-Z0-9]+)?|ZVZZCNX|[A-Z]*TEST[A-Z]*(?:[./-].*)?")
_OTHER_TEST_ISSUES = frozenset(
    ("CBO", "CBX", "IGZ", "ZBZX", "ZEXIT", "ZIEXT", "ZTST", "ZVV", "ZXIET", "ZXYZ", "ZXYZ.A")
)
"""As the exchanges list them: their machines trade these among themselves to test the tape."""


def is_symbol(text: str) -> bool:
    """Say whether a text may stand for an instrument; case counts, ``BACpL`` is not ``BACPL``."""
    return (
        len(text) <= LONGEST_SYMBOL
        and _SYMBOL.fullmatch(text) is not None
        and _HAS_LETTER.search(text) is not None
    )


def expect_symbol(text: str, where: str) -> str:
    """Return a symbol without the space around it.

    Raises
    ------
    ConfigError
        It cannot be one; ``where`` says what it was given as, such as ``--symbols``.
    """
    symbol = text.strip(" ")
    if not is_symbol(symbol):
        shown = text if len(text) <= LONGEST_SYMBOL else f"{text[:LONGEST_SYMBOL]}…"
        raise ConfigError(
            f"{where} {shown!r} is no symbol: expected letters and figures, such as KO, BRK.B or "
            f"BACpL, {LONGEST_SYMBOL} characters at most"
        )
    return symbol


def as_typed(symbol: str) -> str:
    """Return a symbol in capitals, unless it has small letters among them as ``BACpL`` has.

    For what a person types where no list of symbols is at hand to hold it against.
    """
    return symbol if sum(letter.isupper() for letter in symbol) > 1 else symbol.upper()


def is_test_issue(symbol: str) -> bool:
    """Say whether a symbol is one of the exchanges' test issues, such as ZVZZT: no share of it is.

    Its prints are on the tape like any other's, and none is a candidate.
    """
    return symbol in _OTHER_TEST_ISSUES or _TEST_ISSUE.fullmatch(symbol) is not None


def differing_in_case(symbol: str, known: Iterable[str]) -> str | None:
    """Return a known symbol that is written in other capitals than the one that was asked for."""
    folded = symbol.casefold()
    return next((each for each in known if each.casefold() == folded and each != symbol), None)


def case_hint(symbols: Iterable[str], known: Iterable[str]) -> str:
    """Return what to add to a message that symbols were not found; empty without a hint."""
    known = tuple(known)
    meant = [found for symbol in symbols if (found := differing_in_case(symbol, known))]
    return f"; did you mean {', '.join(meant)}? Capitals count" if meant else ""
