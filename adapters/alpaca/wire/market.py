"""Frames of Alpaca's market-data stream as columns, halts and messages."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from adapters.alpaca.wire import market_state as column
from adapters.alpaca.wire.instants import nanoseconds, timestamp
from adapters.alpaca.wire.interned import LONGEST, Interned, texts_from
from adapters.alpaca.wire.market_kernel import DONE, NEED_MEMORY, NEED_ROOM, TRAILING, know, walk
from adapters.alpaca.wire.market_messages import (
    Bar,
    Control,
    Imbalance,
    MarketMessage,
    News,
    Notice,
    PriceBand,
    Rare,
    rare_message,
)
from adapters.alpaca.wire.market_state import State, Tally, new_state, with_more_room
from adapters.alpaca.wire.print_memory import with_room_for_prints
from engine.domain.errors import DataError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch

MAX_FRAME_BYTES = 64 << 20
"""Largest frame that is looked at; the venue's own stay far below 1 MiB."""

_FIRST_MSGPACK_ARRAY = 0x90
_ARRAYS = {0xDC: 2, 0xDD: 4}
_UNUSED_BYTE = 0xC1
_JSON_BELOW = 0x80
_WARM_UP = bytes([_FIRST_MSGPACK_ARRAY])
_TIMES = ("t", "r")
_DATA = (Bar, PriceBand, Imbalance, News, Notice)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What one frame said, each kind in the order on the wire.

    Attributes
    ----------
    trades : TradeBatch or None
        Prints; one that is taken back is a row whose conditions start with ``!``.
    quotes : QuoteBatch or None
        Quotes with both sides.
    statuses : tuple of TradingStatus
        Halts and resumes.
    others : tuple
        Bars, price bands, imbalances, news and notices.
    control : tuple
        What the session is told.
    """

    trades: TradeBatch | None = None
    quotes: QuoteBatch | None = None
    statuses: tuple[TradingStatus, ...] = ()
    others: tuple[MarketMessage, ...] = ()
    control: tuple[Control, ...] = ()


class FrameDecoder:
    """Decodes the frames of one stream, msgpack or JSON, for one thread.

    Symbols and conditions keep their numbers from frame to frame; a batch's tables are the same
    tuples until a new text comes. Making a decoder loads the compiled walk, so that no frame has
    to wait for that.

    Parameters
    ----------
    received_at
        A row arrives when its field ``r`` says; one without arrives with the row before it, and
        before there was any when ``decode`` is told. Arrivals never decrease, with or without.
    quote_lot
        Shares in one unit of a quote's sizes: 1 since 2025-11-03, 100 before.
    symbols
        That are expected: with all of a market's, no later frame has a new table of them, and
        nobody downstream has to look one up.
    """

    def __init__(
        self, *, received_at: bool = False, quote_lot: int = 1, symbols: Iterable[str] = ()
    ) -> None:
        self._received_at = received_at
        self._quote_lot = quote_lot
        self._state: State = new_state()
        self._symbols: tuple[str, ...] = ()
        self._conditions: tuple[str, ...] = ()
        self._messages: list[Rare] = []
        self._walk(_WARM_UP, 0)
        self._know(symbols)

    @property
    def counters(self) -> dict[str, int]:
        """What was decoded, passed over and left out so far; see ``Tally``."""
        return {tally.name.lower(): int(self._state.tally[tally]) for tally in Tally}

    def heard_until(self, ts: int) -> None:
        """Leave rows out from now on that say they were received before an instant (UTC ns)."""
        cursor = self._state.cursor
        cursor[column.HEARD] = max(cursor[column.HEARD], ts)

    def decode(self, frame: bytes | str, ts_init: int) -> Frame:
        """Decode one frame.

        Parameters
        ----------
        frame
            A msgpack array, or a JSON array as text or bytes.
        ts_init
            When it arrived, UTC nanoseconds.

        Raises
        ------
        DataError
            The frame is no whole array of either kind; nothing of it was decoded.
        """
        self.add(frame, ts_init)
        return self.take()

    def add(self, frame: bytes | str, ts_init: int) -> None:
        """Decode one frame behind those that were added since ``take``, as ``decode`` does.

        Raises
        ------
        DataError
            As ``decode``; of what was added before nothing is lost.
        """
        tally, cursor = self._state.tally, self._state.cursor
        tally[Tally.FRAMES] += 1
        so_far = cursor[column.N_TRADES : column.N_SPANS + 1].copy()
        try:
            data = as_msgpack(frame)
            self._walk(data, ts_init)
        except DataError:
            tally[Tally.MALFORMED_FRAMES] += 1
            cursor[column.N_TRADES : column.N_SPANS + 1] = so_far
            raise
        self._messages += self._rare(data)

    @property
    def added(self) -> int:
        """How many rows and messages were added since ``take``."""
        cursor = self._state.cursor
        return int(cursor[column.N_TRADES] + cursor[column.N_QUOTES]) + len(self._messages)

    def _know(self, symbols: Iterable[str]) -> None:
        texts = [name.encode() for name in symbols if name.isascii() and name.isprintable()]
        texts = [text for text in texts if 0 < len(text) <= LONGEST]
        if texts:
            joined = np.frombuffer(b"".join(texts), np.uint8)
            n = know(self._state.symbols, joined, np.array(list(map(len, texts)), np.int64))
            self._state.cursor[column.N_SYMBOLS] = n
            self._symbols = texts_from(self._state.symbols, 0, n)

    def _walk(self, data: bytes, ts_init: int) -> None:
        """Write the rows of a frame into the state."""
        cursor = self._state.cursor
        left, at = array_head(data)
        cursor[column.AT], cursor[column.LEFT] = at, left
        frame = np.frombuffer(data, np.uint8)
        while True:
            ended = walk(self._state, frame, ts_init, self._received_at, self._quote_lot)
            if ended == NEED_ROOM:
                self._state = with_more_room(self._state)
            elif ended == NEED_MEMORY:
                memory = with_room_for_prints(self._state.memory)
                self._state = self._state._replace(memory=memory)
            else:
                break
        if ended == TRAILING:
            raise DataError(
                f"market-data frame goes on after its array ends at byte {cursor[column.AT]:,}, "
                f"expected its end (it has {len(data):,} bytes)"
            )
        if ended != DONE:
            raise unreadable(data, -1 - ended)

    def take(self) -> Frame:
        """Return what was added since the last call as one frame."""
        state = self._state
        *_, n_trades, n_quotes, _, n_symbols, n_conditions, _ = state.cursor.tolist()
        state.cursor[column.N_TRADES : column.N_SPANS + 1] = 0
        self._symbols = _grown(self._symbols, state.symbols, n_symbols)
        self._conditions = _grown(self._conditions, state.conditions, n_conditions)
        trades = self._trades(n_trades) if n_trades else None
        quotes = self._quotes(n_quotes) if n_quotes else None
        if not self._messages:
            return Frame(trades, quotes)
        messages, self._messages = self._messages, []
        statuses: list[TradingStatus] = []
        others: list[MarketMessage] = []
        control: list[Control] = []
        for message in messages:
            if isinstance(message, TradingStatus):
                statuses.append(message)
            elif isinstance(message, _DATA):
                others.append(message)
            else:
                control.append(message)
        state.tally[Tally.STATUSES] += len(statuses)
        state.tally[Tally.OTHERS] += len(others)
        state.tally[Tally.CONTROLS] += len(control)
        return Frame(trades, quotes, tuple(statuses), tuple(others), tuple(control))

    def _trades(self, n: int) -> TradeBatch:
        self._state.tally[Tally.TRADES] += n
        rows = self._state.trades
        ts_event, ts_init, price, size = rows[: column.SYMBOL, :n].copy()
        symbol_id, condition_id = rows[column.SYMBOL :, :n].astype(np.int32)
        return TradeBatch(
            symbol_id,
            self._symbols,
            ts_event,
            ts_init,
            price,
            size,
            condition_id,
            self._conditions,
        )

    def _quotes(self, n: int) -> QuoteBatch:
        self._state.tally[Tally.QUOTES] += n
        rows = self._state.quotes
        symbol_id = rows[column.QUOTED, :n].astype(np.int32)
        return QuoteBatch(symbol_id, self._symbols, *rows[: column.QUOTED, :n].copy())

    def _rare(self, data: bytes) -> list[Rare]:
        """Return the messages that the walk only noted; what cannot be read is counted."""
        found: list[Rare] = []
        n, self._state.cursor[column.N_SPANS] = int(self._state.cursor[column.N_SPANS]), 0
        for start, end, ts_init in self._state.spans[:, :n].T.tolist() if n else ():
            try:
                message = rare_message(data[start:end], ts_init)
            except (ValueError, OverflowError, RecursionError):
                self._state.tally[Tally.UNREADABLE_MESSAGES] += 1
                continue
            if message is None:
                self._state.tally[Tally.UNKNOWN_MESSAGES] += 1
            else:
                found.append(message)
        return found


def as_msgpack(frame: bytes | str) -> bytes:
    """Return a frame's msgpack; JSON is read by msgspec and written anew.

    Raises
    ------
    DataError
        It is no array of messages of either kind, or is too long.
    """
    if len(frame) > MAX_FRAME_BYTES:
        raise DataError(
            f"market-data frame has {len(frame):,} bytes, expected up to {MAX_FRAME_BYTES:,}"
        )
    if not frame:
        raise DataError("market-data frame is empty, expected an array of messages")
    if isinstance(frame, bytes) and frame[0] >= _JSON_BELOW:
        return frame
    try:
        messages: Any = msgspec.json.decode(frame)
    except (ValueError, RecursionError) as error:
        raise DataError(f"market-data frame is neither msgpack nor JSON: {error}") from error
    if not isinstance(messages, list):
        raise DataError(
            f"market-data frame is a JSON {type(messages).__name__} at byte 0, "
            "expected an array of messages"
        )
    return msgspec.msgpack.encode([_binary(message) for message in messages])


def array_head(data: bytes) -> tuple[int, int]:
    """Return how many messages a msgpack frame has and where the first one starts.

    Raises
    ------
    DataError
        It is no array.
    """
    first = data[0]
    if first & 0xF0 == _FIRST_MSGPACK_ARRAY:
        return first & 0x0F, 1
    width = _ARRAYS.get(first)
    if width is None:
        raise DataError(
            f"market-data frame has byte 0x{first:02x} at byte 0, expected an array of messages"
        )
    if len(data) < 1 + width:
        raise unreadable(data, 0)
    return int.from_bytes(data[1 : 1 + width]), 1 + width


def unreadable(data: bytes, at: int) -> DataError:
    """Return what is wrong with the value at a position."""
    if at < len(data) and data[at] == _UNUSED_BYTE:
        return DataError(f"market-data frame has byte 0xc1 at byte {at:,}, expected msgpack")
    return DataError(
        f"market-data frame ends after {len(data):,} bytes within the value that starts at byte "
        f"{at:,}, expected the whole of it"
    )


def _grown(known: tuple[str, ...], table: Interned, n: int) -> tuple[str, ...]:
    return known if len(known) == n else known + texts_from(table, len(known), n)


def _binary(message: Any) -> msgspec.Raw | None:
    """Return the msgpack of a message that came as JSON, its times as timestamps.

    None, which is counted as unknown, stands for one that msgpack cannot hold.
    """
    if isinstance(message, dict):
        for name in _TIMES:
            written = message.get(name)
            if isinstance(written, str):
                with suppress(ValueError):
                    message[name] = timestamp(nanoseconds(written))
    try:
        return msgspec.Raw(msgspec.msgpack.encode(message))
    except (OverflowError, RecursionError):
        return None
