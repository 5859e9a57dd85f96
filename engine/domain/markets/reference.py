"""The port to what is known beside the tape: listings, news, corporate actions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

import msgspec


class Instrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One listed symbol: tape letter (A, B, C, N, O or ""), listing exchange letter, name."""

    symbol: str
    tape: str = ""
    exchange: str = ""
    name: str = ""


class Article(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One news article; times are UTC nanoseconds, ``images`` pairs of size and URL."""

    id: int
    created_at: int
    updated_at: int
    headline: str
    summary: str
    author: str
    source: str
    url: str | None
    content: str
    symbols: tuple[str, ...]
    images: tuple[tuple[str, str], ...] = ()


class CorporateAction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One corporate action.

    Attributes
    ----------
    kind : str
        Of what sort, in the singular: ``cash_dividend``, ``forward_split``, ``name_change`` …
    process_date : date
        When the broker books it.
    symbols : tuple of str
        All symbols it names, in the order it names them.
    detail : dict
        Every field of the announcement, as its source wrote it.
    """

    id: str
    kind: str
    process_date: date
    symbols: tuple[str, ...]
    detail: dict[str, Any]


class Reference(Protocol):
    """What is known beside the tape; ``catalog.StoredReference`` is the one on disk."""

    def on_record(self) -> Sequence[Instrument]:
        """Return every symbol whose listing is on record, in any order."""
        ...

    def instruments(self, day: date) -> Sequence[Instrument]:
        """Return every symbol that trades on a date or is on record, by symbol."""
        ...

    def news(self, start_ns: int, end_ns: int) -> Sequence[Article]:
        """Return the articles with ``start_ns <= updated_at < end_ns``, in that order."""
        ...

    def corporate_actions(self, start: date, end: date) -> Sequence[CorporateAction]:
        """Return what is processed from ``start`` to ``end``, both included, in that order."""
        ...
