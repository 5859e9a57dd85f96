"""What one receiver is sent, in its encoding, and what becomes of one that reads too slowly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from numpy.typing import NDArray

from cluster.relay.ports import FoundRows, RowFinder
from cluster.relay.wants import Wants
from engine.domain.market_data.blocks import Gap


class Waiting(msgspec.Struct, frozen=True):
    """How much may wait for one receiver, in bytes.

    While more than ``few`` waits it gets of each symbol's quotes the newest alone. One for whom
    more than ``most`` waits is cut off: it comes again, and ours ask for what they missed.
    """

    few: int = 8 << 20
    most: int = 64 << 20


_QUOTES = "quotes"
_MOST_JOINED = 1 << 16
"""Bytes of earlier blocks that go together: each message costs both sides the same."""


class Outlet(Protocol):
    """The way to one receiver."""

    @property
    def waiting(self) -> int:
        """Bytes that the operating system has not taken yet."""
        ...

    def send(self, frame: bytes | str) -> None:
        """Send a frame behind those before."""
        ...


class Receiver:
    """One connection after its authentication.

    Attributes
    ----------
    name : str
        The name of its key.
    wants : Wants
    is_counted : bool
        It has asked by beginnings of symbols: it is one of ours, and is sent the numbers of
        blocks, marks of the clock and gaps. Others see the venue's own protocol.
    is_live : bool
        Whether it gets blocks as they come; not while it is sent earlier ones.
    joins : bool
        Whether it takes many blocks as one message while it is sent earlier ones.
    number : int
        Of the block it got last.
    sent, conflated : int
        Rows that it was sent; quotes that it was not because newer ones had come.
    """

    def __init__(
        self,
        name: str,
        outlet: Outlet,
        finder: RowFinder[Any],
        *,
        is_json: bool,
        waiting: Waiting = Waiting(),  # noqa: B008  (it never changes)
    ) -> None:
        self.name = name
        self.outlet = outlet
        self.wants = Wants()
        self.is_counted = False
        self.is_live = True
        self.joins = False
        self.number = self.sent = self.conflated = 0
        self._finder = finder
        self._is_json = is_json
        self._few = waiting.few
        self._wanted: dict[bool | None, NDArray[Any]] = {}
        self._quotes: dict[int, bytes] = {}
        self._joined: list[bytes] = []
        self._joined_bytes = 0

    def changed(self) -> None:
        """Go by what ``wants`` says now."""
        self._wanted.clear()

    def take(self, epoch: int, number: int, stamp: int, rows: FoundRows) -> None:
        """Send the rows of a block that are wanted."""
        if self._quotes or (self.is_live and self.outlet.waiting > self._few):
            n, body = self._conflated(rows)
        else:
            n, body = rows.copied(self._taken())
        if not n:
            return
        if self.is_counted:
            head: dict[str, Any] = {"T": "relay", "e": epoch, "n": number, "p": self.number}
            head["t"] = self._finder.timestamp(stamp)
            n, body = n + 1, msgspec.msgpack.encode(head) + body
            self.number = number
        self.sent += n
        frame = self._finder.framed(n, body)
        if self.joins and not self.is_live:
            self._joined.append(frame)
            self._joined_bytes += len(frame)
            if self._joined_bytes >= _MOST_JOINED:
                self.send_joined()
        else:
            self._send(frame)

    def send_joined(self) -> None:
        """Send the earlier blocks that wait to go together."""
        if self._joined:
            parts, self._joined, self._joined_bytes = self._joined, [], 0
            self.outlet.send(msgspec.msgpack.encode([{"T": "blocks"}, *parts]))

    def mark(self, t: int, updates: int | None) -> None:
        """Say that all that arrived before an instant (UTC ns) has been sent."""
        message = {"T": "clock", "t": self._finder.timestamp(t)}
        self.answer(message | ({} if updates is None else {"u": updates}))

    def gap(self, gap: Gap) -> None:
        """Say what is missing, or was."""
        start, end = map(self._finder.timestamp, (gap.start_ns, gap.end_ns))
        self.answer({"T": "gap", "a": start, "b": end, "complete": gap.complete})

    def answer(self, message: dict[str, Any]) -> None:
        """Send one message of the session."""
        self.send_joined()
        self._send(msgspec.msgpack.encode([message]))

    def _send(self, frame: bytes) -> None:
        self.outlet.send(self._finder.as_json(frame) if self._is_json else frame)

    def _taken(self, *, quotes: bool | None = None) -> NDArray[Any]:
        """Return by channel and symbol what is wanted, of quotes alone, or of all others."""

        def takes(channel: str, symbols: Sequence[str]) -> NDArray[Any]:
            is_meant = quotes is None or (channel == _QUOTES) is quotes
            return self.wants.takes(channel, symbols) & is_meant

        self._wanted[quotes] = self._finder.wanted(takes, self._wanted.get(quotes))
        return self._wanted[quotes]

    def _conflated(self, rows: FoundRows) -> tuple[int, bytes]:
        """Return what is wanted but quotes, which wait until the receiver has read on."""
        n, body = rows.copied(self._taken(quotes=False))
        newest, n_quotes = rows.newest(self._taken(quotes=True))
        self.conflated += n_quotes - len(newest) + len(self._quotes.keys() & newest.keys())
        self._quotes |= newest
        if self.outlet.waiting <= self._few // 2:
            n, body = n + len(self._quotes), b"".join([*self._quotes.values(), body])
            self._quotes = {}
        return n, body
