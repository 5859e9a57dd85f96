"""Listings, news and corporate actions at rest, beside the tape.

News lie by the New York date of their creation, corporate actions by their process date.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from catalog.layout import ACTIONS_FOLDER, NEWS_FOLDER, PART
from catalog.partition import write_part
from catalog.rowgroups import PartFile
from catalog.schema import CORPORATE_ACTIONS, NEWS, Kind
from catalog.store import Catalog
from engine.domain.markets.reference import Article, CorporateAction, Instrument
from engine.domain.session import day_of


class StoredReference:
    """What one catalog knows beside the tape: an ``engine.domain.markets.reference.Reference``."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def on_record(self) -> list[Instrument]:
        """Return every symbol whose listing is on record, in any order."""
        rows = self._catalog.instruments.table().to_pylist()
        return [msgspec.convert(row, Instrument) for row in rows]

    def instruments(self, day: date) -> list[Instrument]:
        """Return every symbol that trades on a date or is on record, by symbol."""
        known = {each.symbol: each for each in self.on_record()}
        for letter in self._catalog.letters(day):
            folder = f"{self._catalog.root}/{Kind.TRADES}/date={day}/letter={letter}"
            for table in PartFile(self._catalog.fs, folder).tables(["symbol"]):
                column: Any = table["symbol"]
                for symbol in column.unique().to_pylist():
                    known.setdefault(symbol, Instrument(symbol))
        return [known[symbol] for symbol in sorted(known)]

    def news(self, start_ns: int, end_ns: int) -> list[Article]:
        """Return the articles with ``start_ns <= updated_at < end_ns``, in that order."""
        if end_ns <= start_ns:
            return []
        last = day_of(end_ns - 1)
        found = [
            article
            for day in self._dates(NEWS_FOLDER)
            if day <= last  # an article may be updated long after the date it is stored under
            for article in self._articles(day)
            if start_ns <= article.updated_at < end_ns
        ]
        return sorted(found, key=attrgetter("updated_at", "id"))

    def corporate_actions(self, start: date, end: date) -> list[CorporateAction]:
        """Return what is processed from ``start`` to ``end``, both included, in that order."""
        return [
            action
            for day in self._dates(ACTIONS_FOLDER)
            if start <= day <= end
            for action in self._actions(day)
        ]

    def add_news(self, articles: Sequence[Article], source: str) -> int:
        """Store articles, the latest version of each; return how many were not known so."""
        news = 0
        by_day = sorted(articles, key=lambda each: (day_of(each.created_at), each.updated_at))
        for day, group in groupby(by_day, key=lambda each: day_of(each.created_at)):
            known = {article.id: article for article in self._articles(day)}
            merged = dict(known)
            for article in group:
                if article.id not in merged or merged[article.id].updated_at <= article.updated_at:
                    merged[article.id] = article
            changed = sum(known.get(key) != article for key, article in merged.items())
            if changed:
                rows = sorted(merged.values(), key=attrgetter("updated_at", "id"))
                self._write(NEWS_FOLDER, day, NEWS, [_article_row(row) for row in rows], source)
            news += changed
        return news

    def add_corporate_actions(self, actions: Sequence[CorporateAction], source: str) -> int:
        """Store corporate actions, the last version of each; return how many are news."""
        news = 0
        by_day = sorted(actions, key=attrgetter("process_date"))
        for day, group in groupby(by_day, key=attrgetter("process_date")):
            known = {action.id: action for action in self._actions(day)}
            merged = known | {action.id: action for action in group}
            changed = sum(known.get(key) != action for key, action in merged.items())
            if changed:
                rows = sorted(merged.values(), key=attrgetter("kind", "id"))
                table = [_action_row(row) for row in rows]
                self._write(ACTIONS_FOLDER, day, CORPORATE_ACTIONS, table, source)
            news += changed
        return news

    def _dates(self, kind: str) -> list[date]:
        found = self._catalog.fs.glob(f"{self._catalog.root}/{kind}/date=*/{PART}")
        return sorted(date.fromisoformat(str(path).split("/date=")[-1][:10]) for path in found)

    def _articles(self, day: date) -> list[Article]:
        rows = self._rows(NEWS_FOLDER, day)
        for row in rows:
            row["images"] = msgspec.json.decode(row["images"])
        return msgspec.convert(rows, list[Article])

    def _actions(self, day: date) -> list[CorporateAction]:
        rows = self._rows(ACTIONS_FOLDER, day)
        for row in rows:
            row["detail"] = msgspec.json.decode(row["detail"])
        return msgspec.convert(rows, list[CorporateAction])

    def _rows(self, kind: str, day: date) -> list[dict[str, Any]]:
        folder = self._folder(kind, day)
        if not self._catalog.fs.exists(f"{folder}/{PART}"):
            return []
        part = PartFile(self._catalog.fs, folder)
        return [row for table in part.tables() for row in table.to_pylist()]

    def _write(
        self, kind: str, day: date, schema: pa.Schema, rows: list[dict[str, Any]], source: str
    ) -> None:
        table = pa.Table.from_pylist(rows, schema)
        folder = self._folder(kind, day)
        write_part(self._catalog.fs, folder, schema, [table], source=(source,))

    def _folder(self, kind: str, day: date) -> str:
        return f"{self._catalog.root}/{kind}/date={day.isoformat()}"


def _article_row(article: Article) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.structs.asdict(article)
    return row | {"images": msgspec.json.encode(article.images).decode()}


def _action_row(action: CorporateAction) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.structs.asdict(action)
    return row | {"detail": msgspec.json.encode(action.detail, order="sorted").decode()}
