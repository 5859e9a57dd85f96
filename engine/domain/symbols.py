"""What a symbol may look like, wherever one comes in, and which symbols nobody can own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from engine.domain.errors import ConfigError

LONGEST_SYMBOL = 32
_NEAR = 3
"""Symbols that are suggested for one that is unknown, and unknown ones that get suggestions."""

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


def near_symbols(symbol: str, known: Iterable[str]) -> list[str]:
    """Return the known symbols that may have been meant, the nearest first; three at most.

    Those that differ in capitals or marks alone (``BACPL``, ``BRK-B``), else those that differ in a
    letter or two.
    """
    plain: dict[str, list[str]] = {}
    for each in known:
        plain.setdefault(_without_marks(each), []).append(each)
    asked = _without_marks(symbol)
    if same := sorted(each for each in plain.get(asked, ()) if each != symbol):
        return same[:_NEAR]
    near = get_close_matches(asked, [each for each in plain if each != asked], n=_NEAR)
    return [each for folded in near for each in sorted(plain[folded])][:_NEAR]


def differ_in_case(symbol: str, other: str) -> bool:
    """Say whether two symbols differ in nothing but capitals."""
    return symbol != other and symbol.casefold() == other.casefold()


def near_hint(symbols: Iterable[str], known: Iterable[str]) -> str:
    """Return what to add to a message that symbols were not found; empty without a hint."""
    known = tuple(known)
    found = {each: near for each in symbols if (near := near_symbols(each, known))}
    if not found:
        return ""
    one = len(found) == 1
    named = (
        f"{' or '.join(near)}{'' if one else f' for {symbol}'}"
        for symbol, near in list(found.items())[:_NEAR]
    )
    in_case = all(differ_in_case(symbol, near[0]) for symbol, near in found.items())
    return f"; did you mean {', '.join(named)}?{' Capitals count' if in_case else ''}"


def _without_marks(symbol: str) -> str:
    return "".join(letter for letter in symbol.casefold() if letter.isalnum())
