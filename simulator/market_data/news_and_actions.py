"""Recorded news and corporate actions, as far as they have happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
from starlette.requests import Request

from engine.domain.markets.reference import Article, CorporateAction, Reference
from engine.domain.session import day_of
from simulator.instants import rfc3339
from simulator.market_data.requests.clock_times import a_date, midnight
from simulator.market_data.requests.door import Visit
from simulator.market_data.requests.paging import Chunk, Mark, Row, page_of
from simulator.market_data.requests.query import one_of, span_of, symbols_of, truth, whole_number
from simulator.market_data.requests.refusal import Refused

_DEFAULT_NEWS, _MAX_NEWS = 10, 50
_DEFAULT_ACTIONS, _MAX_ACTIONS = 100, 1000
_KINDS = (
    "reverse_split",
    "forward_split",
    "unit_split",
    "cash_dividend",
    "stock_dividend",
    "spin_off",
    "cash_merger",
    "stock_merger",
    "stock_and_cash_merger",
    "redemption",
    "name_change",
    "worthless_removal",
    "rights_distribution",
    "partial_call",
    "reorganization",
)


class Happenings:
    """Answers about news and corporate actions.

    Parameters
    ----------
    reference
        Where they are recorded.
    now
        Simulated time, UTC nanoseconds.
    """

    def __init__(self, reference: Reference, now: Callable[[], int]) -> None:
        self._reference = reference
        self._now = now

    def news(self, request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG002
        """Answer ``/v1beta1/news``, the latest first unless told otherwise."""
        now = self._now()
        names = set(symbols_of(request, required=False))
        start_ns, end_ns = span_of(request, midnight(day_of(now)), now)
        limit = whole_number(request.query_params, "limit", _DEFAULT_NEWS, _MAX_NEWS)
        descending = (
            one_of(request.query_params, "sort", ("asc", "desc", "ASC", "DESC"), "desc").lower()
            == "desc"
        )
        with_content = truth(request.query_params, "include_content")
        only_with_content = truth(request.query_params, "exclude_contentless")
        articles = [
            article
            for article in self._reference.news(start_ns, min(end_ns, now) + 1)
            if (not names or names & set(article.symbols))
            and (article.content or not only_with_content)
        ]
        if descending:
            articles.reverse()

        def rows(places: Any) -> list[Row]:
            return [_article(articles[n], with_content=with_content) for n in places.tolist()]

        ts = np.array([article.updated_at for article in articles], np.int64)
        token = request.query_params.get("page_token")
        mark = Mark.of(token) if token else None
        found, following = page_of([Chunk("", ts, rows)], mark, limit, descending=descending)
        return {"news": found.get("", []), "next_page_token": following}

    def corporate_actions(self, request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG002
        """Answer ``/v1/corporate-actions``: by kind, and within a kind by process date."""
        today = day_of(self._now())
        names = set(symbols_of(request, required=False))
        kinds, ids, cusips = (_words(request, name) for name in ("types", "ids", "cusips"))
        for kind in kinds - {*_KINDS}:
            raise Refused(400, f"invalid type: {kind}")
        start, end = (_day(request, name, today) for name in ("start", "end"))
        if end < start:
            raise Refused(400, "end should not be before start")
        limit = whole_number(request.query_params, "limit", _DEFAULT_ACTIONS, _MAX_ACTIONS)
        descending = one_of(request.query_params, "sort", ("asc", "desc"), "asc") == "desc"
        if ids:
            start, end = date.min, date.max
        found = [
            action
            for action in self._reference.corporate_actions(start, end)
            if (not names or names & set(action.symbols))
            and (not kinds or action.kind in kinds)
            and (not ids or action.id in ids)
            and (not cusips or cusips & _cusips(action))
        ]
        token = request.query_params.get("page_token")
        mark = Mark.of(token) if token else None
        chunks = [
            _chunk(kind, [action for action in found if action.kind == kind], descending=descending)
            for kind in sorted({action.kind for action in found})
            if mark is None or f"{kind}s" >= mark.symbol
        ]
        rows, following = page_of(chunks, mark, limit, descending=descending)
        return {"corporate_actions": rows, "next_page_token": following}


def _article(article: Article, *, with_content: bool) -> Row:
    return {
        "author": article.author,
        "content": article.content if with_content else "",
        "created_at": rfc3339(article.created_at),
        "headline": article.headline,
        "id": article.id,
        "images": [{"size": size, "url": url} for size, url in article.images],
        "source": article.source,
        "summary": article.summary,
        "symbols": list(article.symbols),
        "updated_at": rfc3339(article.updated_at),
        "url": article.url,
    }


def _chunk(kind: str, actions: list[CorporateAction], *, descending: bool) -> Chunk:
    told = actions[::-1] if descending else actions
    ts = np.array([action.process_date.toordinal() for action in told], np.int64)
    return Chunk(f"{kind}s", ts, lambda places: [told[n].detail for n in places.tolist()])


def _words(request: Request, name: str) -> set[str]:
    text = request.query_params.get(name, "")
    return {word.strip() for word in text.split(",") if word.strip()}


def _day(request: Request, name: str, default: date) -> date:
    text = request.query_params.get(name)
    return a_date(text, name) if text else default


def _cusips(action: CorporateAction) -> set[str]:
    return {str(value) for name, value in action.detail.items() if name.endswith("cusip")}
