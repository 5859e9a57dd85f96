"""Recorded news, told when its time has come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.domain.markets.reference import Article
from simulator.chaos import Switchboard
from simulator.server.streams.codec import market_frame
from simulator.server.streams.playhead import NEVER
from simulator.server.streams.subscribers import Listener


class NewsStream:
    """The articles of a day and who listens to them.

    Parameters
    ----------
    articles : sequence of Article
        In the order of their last updates, the time at which each is told.

    Attributes
    ----------
    hushed : bool
        Time passes without anybody being told.
    """

    def __init__(self, articles: Sequence[Article], chaos: Switchboard) -> None:
        self.listeners: set[Listener] = set()
        self.hushed = False
        self._articles = articles
        self._next = 0
        self._chaos = chaos

    def due_ns(self) -> int:
        """Return when the next article is told, UTC ns."""
        left = self._next < len(self._articles)
        return self._articles[self._next].updated_at if left else NEVER

    def tell(self, now: int) -> None:
        """Tell what is due up to and including an instant."""
        first = self._next
        while self.due_ns() <= now:
            self._next += 1
        if self.hushed or self._chaos.on.mute:
            return
        for article in self._articles[first : self._next]:
            heard = [each for each in article.symbols if each not in self._chaos.on.mute_symbols]
            if article.symbols and not heard:
                continue
            for each in list(self.listeners):
                if any(each.subscriptions.takes("news", symbol) for symbol in heard or ("",)):
                    each.outbox.put(market_frame(each.codec, [_message(article)]))


def _message(article: Article) -> dict[str, Any]:
    return {
        "T": "n",
        "id": article.id,
        "headline": article.headline,
        "summary": article.summary,
        "author": article.author,
        "created_at": article.created_at,
        "updated_at": article.updated_at,
        "url": article.url,
        "content": article.content,
        "symbols": list(article.symbols),
        "source": article.source,
    }
