"""A receiver of a relay that counts: whatever is lost on the way is asked for again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.streams.errors import Remedy, remedy
from adapters.alpaca.streams.market_session import MarketSession
from adapters.alpaca.wire.market import Frame, FrameDecoder
from adapters.alpaca.wire.market_messages import StreamError
from adapters.alpaca.wire.relay_messages import (
    BlockHead,
    Mark,
    Subscribed,
    block_of,
    joined_blocks,
    message_of,
)
from adapters.transport.kept_socket import Patience, StreamState
from engine.domain.errors import DataError
from engine.domain.market_data.blocks import Gap

CHANNELS = ("trades", "quotes")
MOST_ROWS = 1 << 16
"""Rows that are handed over at the latest; each hand-over costs the same."""

_HELD_SECS = 0.005
"""For so long rows wait for others: a day that is sent again comes as hundreds of small blocks."""
_WRONG_FEED = 409

_log = logging.getLogger(__name__)


class Position(NamedTuple):
    """A block: epoch of the relay's process, and number within it."""

    epoch: int
    number: int


START_OF_DAY = Position(0, 0)
"""Before the first block that the relay has kept of the day."""


async def _at_once() -> None:
    """Wait for nobody."""


class RelayStream(MarketSession):
    """One connection to a relay, kept; every row once, in order, whatever becomes of it.

    Rows are handed over together: at the latest before a mark or a gap, when ``MOST_ROWS`` have
    come, and 5 ms after the first of them.

    Parameters
    ----------
    url : str
        The relay's address with the feed, ``ws://host:port/v2/sip``.
    prefixes : sequence of str
        Names of slots.
    on_frame : callable
        Takes rows as columns, with the relay's stamps as arrivals.
    on_mark : callable
        Takes a mark, behind all rows that arrived before it.
    on_gap : callable
        Takes what is missing, or was.
    on_state : callable
        Takes each new state of the connection.
    channels : sequence of str
        Of all symbols.
    since : Position or None
        The block behind which to begin; None begins with what comes.
    received_at : bool
        Whether rows say themselves when they arrived, as those of granted time do.
    symbols : sequence of str
        That are expected; see ``FrameDecoder``.
    has_room : callable
        Waits until whoever takes the rows can take more.

    Attributes
    ----------
    at : Position or None
        The block that came last.
    replayed : int
        How often blocks had to be asked for again.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        prefixes: Sequence[str],
        *,
        on_frame: Callable[[Frame], None],
        on_mark: Callable[[Mark], None],
        on_gap: Callable[[Gap], None],
        on_state: Callable[[StreamState], None] = lambda _: None,
        channels: Sequence[str] = CHANNELS,
        since: Position | None = START_OF_DAY,
        received_at: bool = False,
        symbols: Sequence[str] = (),
        has_room: Callable[[], Awaitable[None]] = _at_once,
        patience: Patience | None = None,
        clock: Callable[[], int] = time.time_ns,
        seed: int = 0,
    ) -> None:
        super().__init__(
            url,
            credentials,
            serve=self._serve,
            on_loss=lambda _: None,
            on_state=on_state,
            codec="msgpack",
            patience=patience,
            clock=clock,
            seed=seed,
            compresses=False,
        )
        self._wanted = {"prefixes": list(prefixes), "channels": list(channels)}
        self._on_frame = on_frame
        self._on_mark = on_mark
        self._on_gap = on_gap
        self._has_room = has_room
        self._rows = FrameDecoder(received_at=received_at, symbols=symbols)
        self._due: asyncio.TimerHandle | None = None
        self.at = since
        self.replayed = -1

    @property
    def is_live(self) -> bool:
        """Whether the relay is connected."""
        return self._socket.is_live

    def reconnect(self, reason: str) -> None:
        """Give this connection up for another."""
        self._socket.abort(reason)

    def flush(self) -> None:
        """Hand over what has come by now."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._rows.added:
            self._on_frame(self._rows.take())

    async def _serve(self) -> None:
        await self._authenticate()
        asked = {"action": "subscribe", **self._wanted}
        if self.at is not None:
            asked |= {"from": {"e": self.at.epoch, "n": self.at.number}, "joins": True}
            self.replayed += 1
        await self._send(asked)
        before = await self._subscribed()
        if self.at is None:
            self.at = before
        elif before.epoch < self.at.epoch:
            self.at = None
            self._on_gap(Gap(0, self._clock(), complete=False))
            raise self._socket.unavailable("the relay has lost the blocks that it had kept")
        self._socket.begin()
        try:
            await self._read()
        finally:
            self.flush()

    async def _subscribed(self) -> Position:
        """Wait for the answer; nothing is sent before it."""
        async with asyncio.timeout(self._patience.reply_secs):
            while True:
                frame = await self._bytes()
                said = message_of(frame)
                if isinstance(said, Subscribed):
                    return Position(said.e, said.n)
                self._obey(frame)

    async def _read(self) -> None:
        """Take what comes, rows a moment together."""
        loop = asyncio.get_running_loop()
        while True:
            frame = await self._bytes()
            try:
                blocks = joined_blocks(frame)
                found = [block_of(each) for each in ([frame] if blocks is None else blocks)]
            except DataError as error:
                raise self._socket.unavailable(str(error)) from error
            if found == [None]:
                self._hear(frame)
                continue
            for block in filter(None, found):
                self._add(*block)
            if self._rows.added >= MOST_ROWS:
                self.flush()
            elif self._due is None:
                self._due = loop.call_later(_HELD_SECS, self.flush)
            await self._has_room()

    def _add(self, head: BlockHead, rows: bytes) -> None:
        """Read the rows of a block; one that cannot be read would not be the next time either."""
        self._follow(head.e, head.n, head.p)
        self._socket.prove()
        try:
            self._rows.add(rows, head.stamp)
        except DataError as error:
            _log.error("block %d/%d is lost: %s", head.e, head.n, error)
            self.flush()
            self._on_gap(Gap(head.stamp, head.stamp, complete=False))

    def _follow(self, epoch: int, number: int, before: int) -> None:
        """Take the next block's number.

        Raises
        ------
        VenueUnavailable
            A block is missing before it, or it has come already: it is asked for again.
        """
        at = self.at or START_OF_DAY
        if before != at.number or (epoch, number) <= at:
            raise self._socket.unavailable(
                f"block {epoch}/{number} follows {before}, expected {at.number}; asking again"
            )
        self.at = Position(epoch, number)

    def _hear(self, frame: bytes) -> None:
        """Take what is no block, behind the rows that came before it."""
        said = message_of(frame)
        if isinstance(said, Mark):
            self.flush()
            self._on_mark(said)
        elif isinstance(said, Gap):
            self.flush()
            self._on_gap(said)
        elif said is None:
            self._obey(frame)

    def _obey(self, frame: bytes) -> None:
        for control in self._controls(frame):
            if isinstance(control, StreamError) and remedy(control.code) is not Remedy.IGNORE:
                raise self._failure(control)

    async def _bytes(self) -> bytes:
        frame = await self._socket.receive()
        return frame if isinstance(frame, bytes) else frame.encode()

    def _error_text(self, error: StreamError) -> str:
        if error.code == _WRONG_FEED:
            return f"{self._socket.url}: the relay hands on another feed; name that one with --feed"
        return super()._error_text(error)
