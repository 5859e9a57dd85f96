"""News and corporate actions from the vendor into the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import batched
from typing import Any

import msgspec
from alpaca.data.requests import CorporateActionsRequest, NewsRequest

from catalog.pull.ledger import Ledger
from catalog.pull.order import Pulled, PullOrder
from catalog.pull.vendor import Page, Vendor
from catalog.reference import StoredReference
from catalog.store import Catalog
from engine.domain.errors import DataError, RunError
from engine.domain.markets.reference import Article, CorporateAction
from engine.domain.session import NANOS_PER_SECOND, NEW_YORK
from engine.domain.unreadable import UNREADABLE

_SYMBOLS_AT_ONCE = 50
_NEWS_PAGE, _ACTIONS_PAGE = 50, 1000
_SOURCE = "alpaca"
_NO_FEED = "all"
_SYMBOL_FIELDS = (
    "symbol",
    "source_symbol",
    "old_symbol",
    "new_symbol",
    "acquiree_symbol",
    "acquirer_symbol",
    "alternate_symbol",
)


class NewsPull:
    """Pulls the news of one date at a time, by the moment of their last update."""

    def __init__(self, catalog: Catalog, vendor: Vendor, order: PullOrder) -> None:
        self.done = Pulled(kind="news")
        self._vendor = vendor
        self._order = order
        self._reference = StoredReference(catalog)
        self._ledger = Ledger(catalog)

    def pull(self, day: date, share: Callable[[float], None]) -> None:
        """Bring one date's articles about the order's symbols into the catalog."""
        order = self._order
        symbols = order.symbols
        if not order.replace:
            symbols = tuple(self._ledger.missing("news", day, _NO_FEED, symbols))
        self.done.already += len(order.symbols) - len(symbols)
        articles: dict[int, Article] = {}
        start = datetime.combine(day, time(), tzinfo=NEW_YORK)
        end = datetime.combine(day + timedelta(days=1), time(), tzinfo=NEW_YORK)
        for n, some in enumerate(batched(symbols, _SYMBOLS_AT_ONCE, strict=False)):
            request = NewsRequest(
                symbols=",".join(some),
                start=start,
                end=end - timedelta(microseconds=1),
                sort="asc",
                include_content=True,
            )
            for page in _pages(self._vendor.news, request.to_request_fields(), _NEWS_PAGE):
                self.done.pages += 1
                for row in _decoded(page, "news", list[dict[str, Any]]):
                    article = _article(row)
                    articles[article.id] = article
            share(n * _SYMBOLS_AT_ONCE / len(symbols))
        self.done.rows += len(articles)
        self.done.stored += self._reference.add_news([*articles.values()], _SOURCE)
        named = {name for article in articles.values() for name in article.symbols}
        active = named & {*symbols}
        self.done.silent += len(symbols) - len(active)
        if day < order.today:
            self._ledger.record("news", day, _NO_FEED, symbols, active)
        else:
            self.done.unfinished.append(day)


class ActionsPull:
    """Pulls the corporate actions of a whole order; they are asked for again every time.

    Alpaca does not promise when an action appears, so one may be missing at first.
    """

    def __init__(self, catalog: Catalog, vendor: Vendor, order: PullOrder) -> None:
        self.done = Pulled(kind="corporate_actions")
        self._vendor = vendor
        self._order = order
        self._reference = StoredReference(catalog)

    def pull(self) -> None:
        """Bring everything that is processed on the order's dates into the catalog."""
        actions: dict[str, CorporateAction] = {}
        for some in batched(self._order.symbols, _SYMBOLS_AT_ONCE, strict=False):
            request = CorporateActionsRequest(start=self._order.start, end=self._order.end)
            fields = request.to_request_fields() | {"symbols": ",".join(some)}
            for page in _pages(self._vendor.corporate_actions, fields, _ACTIONS_PAGE):
                self.done.pages += 1
                by_kind = _decoded(page, "corporate_actions", dict[str, list[dict[str, Any]]])
                for kind, rows in by_kind.items():
                    for row in rows:
                        action = _action(kind.removesuffix("s"), row)
                        actions[action.id] = action
        named = {name for action in actions.values() for name in action.symbols}
        self.done.silent += len({*self._order.symbols} - named)
        self.done.rows += len(actions)
        self.done.stored += self._reference.add_corporate_actions([*actions.values()], _SOURCE)


def _pages(
    ask: Callable[[Mapping[str, Any]], Page], fields: Mapping[str, Any], limit: int
) -> Iterator[Page]:
    """Yield the pages of one answer."""
    token: str | None = None
    while True:
        page = ask({**fields, "limit": limit, **({"page_token": token} if token else {})})
        yield page
        if page.next_page_token is None:
            return
        if page.next_page_token == token:
            raise RunError(
                f"the page after {token} says that it comes after itself; the vendor's answer has "
                "no end"
            )
        token = page.next_page_token


def _decoded[T](page: Page, name: str, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(page.fields.get(name, b"null"), type=shape)
    except UNREADABLE as error:
        raise DataError(f"a page of {name} is not what was expected: {error}") from error


def _article(row: dict[str, Any]) -> Article:
    try:
        return Article(
            id=int(row["id"]),
            created_at=_nanoseconds(row["created_at"]),
            updated_at=_nanoseconds(row["updated_at"]),
            headline=row["headline"],
            summary=row.get("summary") or "",
            author=row.get("author") or "",
            source=row.get("source") or "",
            url=row.get("url"),
            content=row.get("content") or "",
            symbols=tuple(row.get("symbols") or ()),
            images=tuple((each["size"], each["url"]) for each in row.get("images") or ()),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"news article {row.get('id', 'without an id')} cannot be read: {error!r}"
        ) from error


def _action(kind: str, row: dict[str, Any]) -> CorporateAction:
    try:
        return CorporateAction(
            id=str(row["id"]),
            kind=kind,
            process_date=date.fromisoformat(row["process_date"]),
            symbols=tuple(dict.fromkeys(str(row[f]) for f in _SYMBOL_FIELDS if row.get(f))),
            detail=row,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{kind.replace('_', ' ')} {row.get('id', 'without an id')} cannot be read: {error!r}"
        ) from error


def _nanoseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * NANOS_PER_SECOND + moment.microsecond * 1000
