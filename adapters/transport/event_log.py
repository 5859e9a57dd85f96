"""What has happened at a market, numbered, for whoever follows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

from engine.domain.markets.market import EventKind, MarketEvent


class EventLog:
    """Events from 1 on; whoever follows gets each once, in order, for one event loop."""

    def __init__(self) -> None:
        self.events: list[MarketEvent] = []
        self._grown = asyncio.Event()

    def add(
        self,
        ts: int,
        order_id: str,
        symbol: str,
        kind: EventKind,
        *,
        quantity: Decimal | None = None,
        price: Decimal | None = None,
        detail: str = "",
    ) -> None:
        """Add what happened at an instant (UTC ns)."""
        self.events.append(
            MarketEvent(
                seq=len(self.events) + 1,
                ts=ts,
                order_id=order_id,
                symbol=symbol,
                kind=kind,
                quantity=quantity,
                price=price,
                detail=detail,
            )
        )
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    def refusal(self, order_id: str, after_seq: int) -> str:
        """Return what was said of an order after a number when it was refused, '' if it was not."""
        later = (event for event in self.events[after_seq:] if event.order_id == order_id)
        return next((event.detail for event in later if event.detail), "")

    async def follow(self, after_seq: int) -> AsyncIterator[MarketEvent]:
        """Yield the events after a number, then each as it comes."""
        last = after_seq
        while True:
            grown = self._grown
            for event in self.events[last:]:
                yield event
                last = event.seq
            await grown.wait()
