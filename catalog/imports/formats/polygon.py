"""Polygon's flat files of trades and quotes: their columns, and their numbers for codes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from catalog.imports.flaws import Flaw
from catalog.schema import Kind

_MARKS = frozenset(("ticker", "participant_timestamp", "sip_timestamp"))
"""Columns that no other vendor has side by side."""

COLUMNS: Mapping[Kind, Mapping[str, str]] = {
    Kind.TRADES: {
        "symbol": "ticker",
        "ts_event": "participant_timestamp",
        "ts_init": "sip_timestamp",
        "flaw": "correction",
    },
    Kind.QUOTES: {
        "symbol": "ticker",
        "ts_event": "participant_timestamp",
        "ts_init": "sip_timestamp",
        "bid": "bid_price",
        "ask": "ask_price",
    },
}
"""Our columns and theirs; quotes are national bests, so they have no venue of their own."""

_TAKEN_BACK = {7: Flaw.INCORRECT, 8: Flaw.CANCELED, 10: Flaw.CANCELED, 11: Flaw.INCORRECT,
               12: Flaw.INCORRECT}  # fmt: skip
"""Corrections that take a print back, or repeat one that was; 1 stands, with what it was set to."""


def is_flat_file(names: Collection[str]) -> bool:
    """Say whether a file with these columns is one."""
    return _MARKS.issubset(names)


def flaw_of(correction: str) -> str:
    """Return why a print does not stand, "" for one that does."""
    text = correction.strip()
    is_number = text.isdecimal() and len(text) < 3  # noqa: PLR2004  (they have two figures)
    return str(_TAKEN_BACK.get(int(text), "")) if is_number else ""
