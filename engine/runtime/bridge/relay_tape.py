"""What a relay hands on, as it goes from a node's data client to the actor that works it."""

from __future__ import annotations

import asyncio
from typing import Protocol, Self

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId, CustomData, DataType

from engine.domain.market_data.blocks import Gap
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.runtime.bridge.guard import Failures, guarded

TAPE = DataType("RelayTape")

_MOST = 16
"""Messages on their way; each has up to some ten thousand rows."""


class Heard:
    """Rows that came together, a mark of the relay's clock, or a gap; for one group of slots."""

    __slots__ = ("gap", "group", "mark", "prints", "quotes", "ts_event", "ts_init")

    def __init__(
        self,
        group: int,
        *,
        quotes: QuoteBatch | None = None,
        prints: TradeBatch | None = None,
        mark: int | None = None,
        gap: Gap | None = None,
    ) -> None:
        self.group = group
        self.quotes, self.prints, self.mark, self.gap = quotes, prints, mark, gap
        self.ts_event = self.ts_init = mark or 0

    @classmethod
    def rows(cls, group: int, quotes: QuoteBatch | None, prints: TradeBatch | None) -> Self:
        """Return rows that came together."""
        return cls(group, quotes=quotes, prints=prints)


class TapeWork(Protocol):
    """Who works what a relay hands on."""

    def take(self, number: int, quotes: QuoteBatch | None, prints: TradeBatch | None) -> None:
        """Take what arrived together for a group."""
        ...

    def mark(self, number: int, ts: int) -> None:
        """Take a mark: all before an instant (UTC ns) has been taken."""
        ...

    def fetched(self, number: int, until_ns: int) -> None:
        """Hear that the prints of a gap were fetched, up to an exchange time."""
        ...


class TapePassage:
    """Counts what is on its way, so that whoever sends waits for whoever works."""

    def __init__(self) -> None:
        self._waiting = 0
        self._has_room = asyncio.Event()
        self._has_room.set()

    def sent(self) -> None:
        """Count a message that was sent."""
        self._waiting += 1
        if self._waiting >= _MOST:
            self._has_room.clear()

    def taken(self) -> None:
        """Count a message that was worked."""
        self._waiting -= 1
        if self._waiting < _MOST:
            self._has_room.set()

    async def room(self) -> None:
        """Wait until there is room for more."""
        await self._has_room.wait()


def work_on(work: TapeWork, heard: Heard) -> None:
    """Have a message worked."""
    if heard.mark is not None:
        work.mark(heard.group, heard.mark)
    elif heard.gap is not None:
        if heard.gap.complete:
            work.fetched(heard.group, heard.gap.end_ns)
    else:
        work.take(heard.group, heard.quotes, heard.prints)


class TapeActor(DataActor):
    """Gives what a relay hands on to whoever works it; its time is the relay's marks.

    Attributes
    ----------
    failures : Failures
        Where failed handlers are kept.
    begun : asyncio.Event
        Set once it listens.
    """

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Keep our arguments from nautilus, which takes a config alone."""
        return super().__new__(cls)

    def __init__(self, work: TapeWork, passage: TapePassage, failures: Failures) -> None:
        super().__init__(DataActorConfig(actor_id=ActorId("SLOTS-001")))
        self.failures = failures
        self.begun = asyncio.Event()
        self._work = work
        self._passage = passage

    @guarded
    def on_start(self) -> None:
        """Listen."""
        self.subscribe_data(TAPE)
        self.begun.set()

    @guarded
    def on_data(self, data: CustomData) -> None:
        """Have it worked."""
        self._passage.taken()
        work_on(self._work, data.data)
