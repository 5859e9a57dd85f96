"""Everybody who listens to market data, and what each is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.status import TradingStatus
from simulator.chaos import Switchboard
from simulator.server.streams.codec import Codec, market_frame
from simulator.server.streams.outbox import Outbox
from simulator.server.streams.statuses import band_message, status_message
from simulator.server.streams.subscriptions import Subscriptions
from simulator.tape import Block, DayReader, JsonFrames, MsgpackFrames, Wanted, mask

_MOST_MASKS = 256


class Listener(Protocol):
    """A market-data socket after its authentication."""

    codec: Codec
    outbox: Outbox
    arrivals: bool

    @property
    def subscriptions(self) -> Subscriptions: ...  # noqa: D102

    def fall_behind(self) -> None:
        """Cut the client off as one that reads too slowly."""
        ...


class Subscribers:
    """The listeners to the recorded day; those who want the same share one encoding.

    Parameters
    ----------
    slow_bytes : int
        How much may wait for a listener before it is cut off, where nobody waits for it.

    Attributes
    ----------
    hushed : bool
        Time passes without anybody being told.
    """

    def __init__(self, reader: DayReader, chaos: Switchboard, *, slow_bytes: int) -> None:
        self.listeners: set[Listener] = set()
        self.hushed = False
        self._chaos = chaos
        self._slow_bytes = slow_bytes
        self._ids = {symbol: n for n, symbol in enumerate(reader.symbols)}
        self._tapes = reader.tapes
        self._msgpack = MsgpackFrames(reader.symbols, reader.tapes)
        self._json = JsonFrames(reader.symbols, reader.tapes)
        self._again: WeakKeyDictionary[Outbox, bytes | str] = WeakKeyDictionary()
        self._masks: dict[
            tuple[Wanted, frozenset[str]], tuple[NDArray[np.bool_], NDArray[np.bool_]]
        ] = {}

    def prepare(self, block: Block) -> None:
        """Compile what encodes rows, before anybody waits for some."""
        self._msgpack.prepare(block)

    def tell_rows(self, block: Block, start: int, end: int) -> None:
        """Send the rows ``[start, end)`` of a block to whoever wants them."""
        groups: defaultdict[tuple[Codec, Wanted], list[Outbox]] = defaultdict(list)
        for each in self._hearing():
            wanted = each.subscriptions.wanted(arrivals=each.arrivals)
            groups[each.codec, wanted].append(each.outbox)
        for (codec, wanted), outboxes in groups.items():
            masks = self._masks_of(wanted)
            form = self._msgpack if codec is Codec.MSGPACK else self._json
            for frame in form.frames(block, start, end, *masks, arrivals=wanted.arrivals):
                for outbox in outboxes:
                    self._put_again(outbox)
                    outbox.put(frame)
                    if self._chaos.on.repeat_frames:
                        self._again[outbox] = frame

    def _put_again(self, outbox: Outbox) -> None:
        """Send the last frame once more, if chaos wanted it."""
        again = self._again.pop(outbox, None)
        if again is not None:
            outbox.put(again)

    def tell_status(self, status: TradingStatus) -> None:
        """Send a halt or a resume."""
        told = status_message(status, self._tapes.get(status.symbol, ""))
        self.tell("statuses", [told])

    def tell_band(self, symbol: str, limit_down: int, limit_up: int, ts: int) -> None:
        """Send a price band."""
        tape = self._tapes.get(symbol, "")
        self.tell("lulds", [band_message(symbol, limit_down, limit_up, tape, ts)])

    def tell(self, channel: str, messages: Iterable[Mapping[str, Any]]) -> None:
        """Send messages of a channel, each to whoever wants its symbol."""
        kept = list(messages)
        for each in self._hearing():
            if not each.subscriptions.any_of(channel):
                continue
            mine = [
                told if each.arrivals else {name: told[name] for name in told if name != "r"}
                for told in kept
                if each.subscriptions.takes(channel, told["S"])
                and told["S"] not in self._chaos.on.mute_symbols
            ]
            if mine:
                each.outbox.put(market_frame(each.codec, mine))

    def wants(self, channel: str) -> bool:
        """Say whether anybody has asked for a channel."""
        return any(each.subscriptions.any_of(channel) for each in self._hearing())

    async def below(self, waiting_bytes: int) -> None:
        """Wait until every listener has read on."""
        for each in list(self.listeners):
            await each.outbox.below(waiting_bytes)

    def cut_slow(self) -> None:
        """Cut off listeners for whom too much waits."""
        for each in list(self.listeners):
            if each.outbox.waiting > self._slow_bytes:
                each.fall_behind()

    def _hearing(self) -> list[Listener]:
        return [] if self.hushed or self._chaos.on.mute else list(self.listeners)

    def _masks_of(self, wanted: Wanted) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        muted = frozenset(self._chaos.on.mute_symbols)
        if (wanted, muted) not in self._masks:
            if len(self._masks) >= _MOST_MASKS:
                self._masks.clear()
            self._masks[wanted, muted] = (
                mask(wanted.trades, self._ids, muted),
                mask(wanted.quotes, self._ids, muted),
            )
        return self._masks[wanted, muted]
