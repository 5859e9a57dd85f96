"""Of which symbols and dates a vendor was asked already, so that it is not asked again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import msgspec

from catalog.files import write_whole
from catalog.layout import PULLED_FOLDER
from catalog.schema import Kind
from catalog.store import Catalog
from engine.domain.market_data.recorded import letter_of
from engine.domain.unreadable import UNREADABLE


class Asked(msgspec.Struct):
    """Symbols that a vendor was asked about: those it had rows of, and those it had none of."""

    active: set[str] = set()
    silent: set[str] = set()


class Ledger:
    """What was pulled into one catalog, by kind, date and feed."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def missing(self, kind: str, day: date, feed: str, symbols: Collection[str]) -> list[str]:
        """Return the symbols still to be asked for, sorted.

        Symbols whose partition has gone since are to be asked for again.
        """
        asked = self._read(kind, day).get(feed, Asked())
        stored = (
            {letter for when, letter in self._catalog.partitions.stored(Kind(kind)) if when == day}
            if kind in tuple(Kind)
            else {letter_of(symbol) for symbol in asked.active}
        )
        there = {symbol for symbol in asked.active if letter_of(symbol) in stored}
        return sorted({*symbols} - there - asked.silent)

    def record(
        self, kind: str, day: date, feed: str, symbols: Collection[str], active: Collection[str]
    ) -> None:
        """Note that symbols were asked for, and which of them there are rows of."""
        feeds = self._read(kind, day)
        asked = feeds.setdefault(feed, Asked())
        asked.active = (asked.active - {*symbols}) | {*active}
        asked.silent = (asked.silent | {*symbols}) - {*active}
        with write_whole(self._catalog.fs, self._path(kind, day)) as file:
            file.write(msgspec.json.encode(feeds, order="sorted"))

    def _read(self, kind: str, day: date) -> dict[str, Asked]:
        try:
            content = self._catalog.fs.cat_file(self._path(kind, day))
            return msgspec.json.decode(content, type=dict[str, Asked])
        except (FileNotFoundError, NotADirectoryError, *UNREADABLE):
            return {}

    def _path(self, kind: str, day: date) -> str:
        return f"{self._catalog.root}/{PULLED_FOLDER}/{kind}/date={day}.json"
