"""The rows of market-data frames as they came: found, counted by symbol, copied by receiver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from adapters.alpaca.wire.instants import nanoseconds, rfc3339, timestamp
from adapters.alpaca.wire.interned import interned, texts_from
from adapters.alpaca.wire.market import array_head, as_msgpack, unreadable
from adapters.alpaca.wire.rows_kernel import CHANNELS, ROW, copy_rows, find_rows
from engine.domain.errors import DataError

MOST_SYMBOLS = 1 << 16
"""Of one day; a market has some 12,000."""
_FIX_ARRAY, _ARRAY_16, _ARRAY_32 = 0x90, 0xDC, 0xDD
_FIX, _SHORT = 16, 1 << 16

type _Value = int | float | str | bool | list[Any] | dict[str, Any] | msgspec.msgpack.Ext | None
"""Of a row's field; as an extension a time keeps its nanoseconds."""

_ROWS = msgspec.msgpack.Decoder(list[dict[str, _Value]])

type Takes = Callable[[str, Sequence[str]], NDArray[np.bool_]]
"""Says of which symbols a receiver takes a channel's rows; "" stands for no symbol."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundRows:
    """Rows of some frames, one after another.

    Attributes
    ----------
    body : uint8 array
        Their msgpack, without the heads of the frames.
    rows : structured array
        See ``rows_kernel.ROW``.
    """

    body: NDArray[np.uint8]
    rows: NDArray[Any]

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.rows)

    @property
    def frame(self) -> bytes:
        """All of them as one frame."""
        return array_of(len(self.rows)) + self.body.tobytes()

    def copied(self, wanted: NDArray[np.bool_]) -> tuple[int, bytes]:
        """Return how many rows are wanted, and their msgpack.

        Parameters
        ----------
        wanted : bool array, shape (channels, symbols + 1)
            See ``RowFinder.wanted``.
        """
        copy = np.empty(len(self.body), np.uint8)
        n_rows, n_bytes = copy_rows(self.body, self.rows, wanted, copy)
        return int(n_rows), copy[:n_bytes].tobytes()

    def newest(self, wanted: NDArray[np.bool_]) -> tuple[dict[int, bytes], int]:
        """Return the last wanted row of each symbol by its number, and how many are wanted."""
        chosen = self.rows[wanted[self.rows["channel"], self.rows["symbol"]]]
        last = {int(row["symbol"]): row for row in chosen}
        return {
            symbol: self.body[row["start"] : row["end"]].tobytes() for symbol, row in last.items()
        }, len(chosen)

    def joined(self, others: Sequence[FoundRows]) -> FoundRows:
        """Return these rows and those of others behind them."""
        filled, parts = len(self.body), [self.rows]
        for other in others:
            moved = other.rows.copy()
            moved["start"] += filled
            moved["end"] += filled
            parts.append(moved)
            filled += len(other.body)
        bodies = [self.body, *(other.body for other in others)]
        return FoundRows(np.concatenate(bodies), np.concatenate(parts))

    def only(self, chosen: NDArray[np.bool_]) -> FoundRows:
        """Return some of the rows."""
        kept = [self.body[row["start"] : row["end"]] for row in self.rows[chosen]]
        rows = self.rows[chosen].copy()
        sizes = rows["end"] - rows["start"]
        rows["end"] = np.cumsum(sizes)
        rows["start"] = rows["end"] - sizes
        return FoundRows(np.concatenate([*kept, np.zeros(0, np.uint8)]), rows)


class RowFinder:
    """Finds rows and numbers their symbols, for one thread.

    Attributes
    ----------
    symbols : tuple of str
        By number.
    """

    def __init__(self) -> None:
        self.symbols: tuple[str, ...] = ()
        self._table = interned(MOST_SYMBOLS)
        self.find([bytes([_FIX_ARRAY])])

    def find(self, frames: Sequence[bytes | str]) -> FoundRows:
        """Return the rows of frames, in order; of JSON, such as pages of history, as msgpack.

        Raises
        ------
        DataError
            One is no whole array; nothing is returned of the others.
        """
        parts: list[bytes] = []
        found: list[NDArray[Any]] = []
        filled = 0
        for frame in map(as_msgpack, frames):
            n, first = array_head(frame)
            if n > len(frame):
                raise unreadable(frame, len(frame))
            rows = np.zeros(n, ROW)
            source = np.frombuffer(frame, np.uint8)
            known, at = find_rows(self._table, len(self.symbols), source, first, rows)
            if known > len(self.symbols):  # also those of a frame that cannot be read to its end
                self.symbols += texts_from(self._table, len(self.symbols), known)
            if at < 0:
                raise unreadable(frame, -1 - at)
            if at != len(frame):
                raise DataError(
                    f"market-data frame goes on after its array ends at byte {at:,}, expected its "
                    f"end (it has {len(frame):,} bytes)"
                )
            for name in ("start", "end"):
                rows[name] += filled - first
            filled += len(frame) - first
            parts.append(frame[first:])
            found.append(rows)
        body = np.frombuffer(b"".join(parts), np.uint8)
        return FoundRows(body, np.concatenate([*found, np.zeros(0, ROW)]))

    def wanted(self, takes: Takes, before: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        """Return what a receiver takes, shape (channels, symbols + 1); the last is no symbol.

        Parameters
        ----------
        before : bool array, optional
            What this returned when fewer symbols were known; only the new ones are asked for.
        """
        known = 0 if before is None else before.shape[1] - 1
        if before is not None and known == len(self.symbols):
            return before
        new = [*self.symbols[known:], ""]
        added = np.array([takes(channel, new) for channel in CHANNELS])
        return added if before is None else np.hstack([before[:, :known], added])

    def timestamp(self, ts: int) -> msgspec.msgpack.Ext:
        """Return UTC ns as the venue's messages have times."""
        return timestamp(ts)

    def framed(self, n: int, body: bytes) -> bytes:
        """Return the msgpack of ``n`` rows as one frame."""
        return array_of(n) + body

    def as_json(self, frame: bytes) -> str:
        """Return a msgpack frame as JSON, its times as texts with all their digits."""
        messages = _ROWS.decode(frame)
        for message in messages:
            for name, value in message.items():
                if isinstance(value, msgspec.msgpack.Ext):
                    message[name] = rfc3339(nanoseconds(value))
        return msgspec.json.encode(messages).decode()


def array_of(n: int) -> bytes:
    """Return the head of a msgpack array of ``n`` elements."""
    if n < _FIX:
        return bytes([_FIX_ARRAY | n])
    if n < _SHORT:
        return bytes([_ARRAY_16]) + n.to_bytes(2)
    return bytes([_ARRAY_32]) + n.to_bytes(4)
