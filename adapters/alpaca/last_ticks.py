"""Hop 1 → 5: the last quote and print of every symbol, kept without an object per print."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.domain.eligibility import fillable, moves_orders_on, tape_ids
from engine.domain.quotes import QuoteBatch
from engine.domain.status import TradingStatus
from engine.domain.trades import TradeBatch

_NEVER = -1
_REGULAR = ("",)
_PRINT = np.dtype([("price", "i8"), ("size", "i4"), ("ts_event", "i8"), ("ts_init", "i8")])
_QUOTE = np.dtype(
    [
        ("bid", "i8"),
        ("ask", "i8"),
        ("bid_size", "i8"),
        ("ask_size", "i8"),
        ("ts_event", "i8"),
        ("ts_init", "i8"),
    ]
)


class LastTicks:
    """What orders could last have traded on, symbol by symbol, and which are halted.

    Batches share one growing table of symbols, as a ``FrameDecoder`` makes them.

    Attributes
    ----------
    symbols : tuple of str
        The table so far.
    heard_event : int
        Newest exchange time of any print or quote, UTC ns; -1 before the first.
    """

    def __init__(self, tapes: Mapping[str, str]) -> None:
        self.symbols: tuple[str, ...] = ()
        self.heard_event = _NEVER
        self._tapes = tapes
        self._ids: dict[str, int] = {}
        self._tape_ids = np.zeros(0, np.int64)
        self._prints = np.zeros(0, _PRINT)
        self._quotes = np.zeros(0, _QUOTE)
        self._seen_event = np.zeros(0, np.int64)
        self._halted = np.zeros(0, np.bool_)
        self._wanted = np.zeros(0, np.bool_)
        self._halted_names: set[str] = set()
        self._wanted_names: set[str] = set()

    def is_halted(self, symbol: str) -> bool:
        """Say whether a symbol is halted now."""
        return symbol in self._halted_names

    def want(self, symbol: str) -> None:
        """Let ``wanted_rows`` choose a symbol."""
        self._wanted_names.add(symbol)
        if symbol in self._ids:
            self._wanted[self._ids[symbol]] = True

    def unwant(self, symbol: str) -> None:
        """Let ``wanted_rows`` pass a symbol over."""
        self._wanted_names.discard(symbol)
        if symbol in self._ids:
            self._wanted[self._ids[symbol]] = False

    @property
    def wanted(self) -> Collection[str]:
        """The symbols that ``wanted_rows`` chooses."""
        return self._wanted_names

    def halt(self, status: TradingStatus) -> None:
        """Take an announcement."""
        names = self._halted_names
        (names.add if status.halted else names.discard)(status.symbol)
        if status.symbol in self._ids:
            self._halted[self._ids[status.symbol]] = status.halted

    def prints(self, batch: TradeBatch, statuses: Sequence[TradingStatus] = ()) -> TradeBatch:
        """Keep the last of the prints that may fill an order, and return those of wanted symbols.

        Parameters
        ----------
        statuses : sequence of TradingStatus
            That came with the batch; each holds from its arrival on. They are not yet taken.
        """
        self._grow(batch.symbols)
        ids = batch.symbol_id
        self.heard_event = max(self.heard_event, int(batch.ts_event.max()))
        np.maximum.at(self._seen_event, ids, batch.ts_event)
        halted = self._halted[ids]
        for status in statuses:
            mine = self._ids.get(status.symbol, _NEVER)
            halted[(ids == mine) & (batch.ts_init >= status.ts_init)] = status.halted
        good = np.flatnonzero(moves_orders_on(batch, self._tape_ids) & ~halted)
        last = self._prints
        for name in ("price", "size", "ts_event", "ts_init"):
            # where a symbol comes more than once numpy keeps the last of them
            last[name][ids[good]] = getattr(batch, name)[good]
        return _compact(batch.rows(good[self._wanted[ids[good]]]))

    def quotes(self, batch: QuoteBatch) -> QuoteBatch:
        """Keep the last of the quotes one could fill at, and return those of wanted symbols."""
        self._grow(batch.symbols)
        ids = batch.symbol_id
        self.heard_event = max(self.heard_event, int(batch.ts_event.max()))
        good = np.flatnonzero(fillable(batch))
        last = self._quotes
        for name in ("bid", "ask", "bid_size", "ask_size", "ts_event", "ts_init"):
            last[name][ids[good]] = getattr(batch, name)[good]
        return _compact(batch.rows(good[self._wanted[ids[good]]]))

    def last_quote(self, symbol: str) -> QuoteBatch | None:
        """Return the last quote one could fill at, as a batch of one."""
        row = self._row(self._quotes, symbol)
        if row is None:
            return None
        return QuoteBatch(
            np.zeros(1, np.int32),
            (symbol,),
            row["ts_event"],
            row["ts_init"],
            row["bid"],
            row["ask"],
            row["bid_size"],
            row["ask_size"],
        )

    def last_print(self, symbol: str) -> TradeBatch | None:
        """Return the last print that could fill an order, as a batch of one."""
        row = self._row(self._prints, symbol)
        if row is None:
            return None
        return TradeBatch(
            np.zeros(1, np.int32),
            (symbol,),
            row["ts_event"],
            row["ts_init"],
            row["price"],
            row["size"],
            np.zeros(1, np.int32),
            _REGULAR,
        )

    def printed_since(self, ts_event: int) -> list[str]:
        """Return the symbols with any print since an exchange time (UTC ns), busiest last first."""
        recent = np.flatnonzero(self._seen_event >= max(ts_event, 0))
        newest_first = recent[np.argsort(-self._seen_event[recent], kind="stable")]
        return [self.symbols[number] for number in newest_first]

    def seen_event(self) -> dict[str, int]:
        """Return the exchange time (UTC ns) of the newest print of every symbol that had one."""
        return {
            symbol: ts
            for symbol, ts in zip(self.symbols, self._seen_event.tolist(), strict=False)
            if ts > 0
        }

    def _row(self, table: NDArray[np.void], symbol: str) -> NDArray[np.void] | None:
        number = self._ids.get(symbol)
        if number is None or not table["ts_init"][number]:
            return None
        return table[number : number + 1].copy()

    def _grow(self, symbols: tuple[str, ...]) -> None:
        """Make room for symbols that are new at the end of the table."""
        if symbols is self.symbols or len(symbols) <= len(self.symbols):
            return
        new = symbols[len(self.symbols) :]
        self._ids |= {symbol: len(self.symbols) + n for n, symbol in enumerate(new)}
        self.symbols = symbols
        room = len(symbols) - len(self._prints)
        if room > 0:
            room += len(symbols)
            self._prints = np.concatenate([self._prints, np.zeros(room, _PRINT)])
            self._quotes = np.concatenate([self._quotes, np.zeros(room, _QUOTE)])
            self._seen_event = np.concatenate([self._seen_event, np.zeros(room, np.int64)])
            self._halted = np.concatenate([self._halted, np.zeros(room, np.bool_)])
            self._wanted = np.concatenate([self._wanted, np.zeros(room, np.bool_)])
        self._tape_ids = np.concatenate([self._tape_ids, tape_ids(new, self._tapes)])
        for symbol in new:
            self._halted[self._ids[symbol]] = symbol in self._halted_names
            self._wanted[self._ids[symbol]] = symbol in self._wanted_names


def _compact[Batch: (TradeBatch, QuoteBatch)](batch: Batch) -> Batch:
    """Return a batch with a table of its own symbols alone."""
    numbers, ids = np.unique(batch.symbol_id, return_inverse=True)
    names = tuple(batch.symbols[number] for number in numbers)
    return replace(batch, symbol_id=ids.astype(np.int32), symbols=names)
