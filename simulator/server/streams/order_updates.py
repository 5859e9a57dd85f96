"""What happened to orders, told to the accounts whose they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from simulator.chaos import Switchboard
from simulator.exchange import OrderEvent
from simulator.exchange.wire import event_body

type Tell = Callable[[dict[str, Any]], None]
"""Queues one ``trade_updates`` message for a socket."""


class OrderUpdates:
    """Order events on their way to whoever listens; nothing is kept for those who do not.

    Attributes
    ----------
    told : Counter
        Updates by account since the simulator began, heard or not.
    """

    def __init__(self, chaos: Switchboard) -> None:
        self.told: Counter[str] = Counter()
        self._held: list[OrderEvent] = []
        self._chaos = chaos
        self._listeners: defaultdict[str, set[Tell]] = defaultdict(set)

    def join(self, account_id: str, tell: Tell) -> None:
        """Tell a socket of an account from now on."""
        self._listeners[account_id].add(tell)

    def leave(self, account_id: str, tell: Tell) -> None:
        """Tell a socket no more."""
        self._listeners[account_id].discard(tell)

    def count(self, events: Iterable[OrderEvent]) -> None:
        """Count events as told, before anybody can hear of them."""
        self.told.update(event.account_id for event in events)

    def hold(self, events: Iterable[OrderEvent]) -> None:
        """Keep events until they are released or something later is told."""
        self._held.extend(events)

    async def release(self) -> None:
        """Send what is held."""
        self.tell(())

    def tell(self, events: Iterable[OrderEvent]) -> None:
        """Send events after those that are held, in order unless chaos wants it otherwise."""
        on = self._chaos.on
        messages = [(event.account_id, self._message(event)) for event in (*self._held, *events)]
        self._held.clear()
        if on.duplicate_updates:
            messages = [each for message in messages for each in (message, message)]
        if on.reorder_updates:
            messages.reverse()
        for account_id, message in messages:
            for tell in list(self._listeners[account_id]):
                tell(message)

    def _message(self, event: OrderEvent) -> dict[str, Any]:
        data = event_body(event)
        if self._chaos.on.unknown_words:
            data["surprise"] = {"nobody": "knows"}
            data["order"]["status"] = f"{data['order']['status']}_under_review"
            data["order"]["asset_class"] = "us_equity_perp"
        return {"stream": "trade_updates", "data": data}
