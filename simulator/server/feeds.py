"""The market-data endpoints, and who may open which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.server.keyring import FREE_PLAN_SYMBOLS, Holder
from simulator.server.streams.subscriptions import NEWS_CHANNELS, STOCK_CHANNELS, Subscriptions

TEST_SYMBOL = "FAKEPACA"


class Source(StrEnum):
    """Where an endpoint's messages come from."""

    TAPE = "tape"
    NEWS = "news"
    MADE_UP = "made up"


@dataclass(frozen=True, slots=True)
class Feed:
    """One endpoint.

    Attributes
    ----------
    free : bool
        Whether the free plan has it.
    """

    path: str
    channels: tuple[str, ...]
    free: bool
    source: Source = Source.TAPE

    def subscriptions(self, holder: Holder) -> Subscriptions:
        """Return an empty set of subscriptions within a holder's plan."""
        limit = FREE_PLAN_SYMBOLS if holder.basic else None
        return Subscriptions(limit=limit, channels=self.channels)

    def allows(self, holder: Holder) -> bool:
        """Say whether a holder's plan has this feed."""
        return self.free or not holder.basic


FEEDS = {
    feed.path: feed
    for feed in (
        Feed("/v2/sip", STOCK_CHANNELS, free=False),
        Feed("/v2/iex", STOCK_CHANNELS, free=True),
        Feed("/v2/delayed_sip", STOCK_CHANNELS, free=True),
        Feed("/v2/test", ("trades", "quotes", "bars"), free=True, source=Source.MADE_UP),
        Feed("/v1beta1/news", NEWS_CHANNELS, free=True, source=Source.NEWS),
    )
}
