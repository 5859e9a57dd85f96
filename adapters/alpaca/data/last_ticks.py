"""The last quote and print of every symbol, kept without an object per print."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from adapters.alpaca.data.last_ticks_kernel import PRINT, QUOTE, SYMBOL, keep_prints, keep_quotes
from engine.domain.market_data.conditions import updates_table
from engine.domain.market_data.eligibility import moves_orders, tape_ids
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch

_NEVER = -1
_REGULAR = ("",)
_NO_HALTS = np.zeros(0, np.bool_)


class LastTicks:
    """What orders could last have traded on, symbol by symbol, and which are halted.

    Batches share one growing table of symbols, as a ``FrameDecoder`` makes them.

    Attributes
    ----------
    symbols : tuple of str
        The table so far.
    heard_event : int
        Newest exchange time of any print or quote, UTC ns; -1 before the first.
    halts : dict
        The announcement of every symbol that is halted now.
    """

    def __init__(self, tapes: Mapping[str, str]) -> None:
        self.symbols: tuple[str, ...] = ()
        self.heard_event = _NEVER
        self._tapes = tapes
        self._ids: dict[str, int] = {}
        self._known = np.zeros(0, SYMBOL)
        self._prints = np.zeros(0, PRINT)
        self._quotes = np.zeros(0, QUOTE)
        self._chosen = np.zeros(0, np.int64)
        self.halts: dict[str, TradingStatus] = {}
        self._wanted_names: set[str] = set()
        self._load_compiled()

    def is_halted(self, symbol: str) -> bool:
        """Say whether a symbol is halted now."""
        return symbol in self.halts

    def want(self, symbol: str) -> None:
        """Let ``wanted_rows`` choose a symbol."""
        self._wanted_names.add(symbol)
        if symbol in self._ids:
            self._known["wanted"][self._ids[symbol]] = True

    def unwant(self, symbol: str) -> None:
        """Let ``wanted_rows`` pass a symbol over."""
        self._wanted_names.discard(symbol)
        if symbol in self._ids:
            self._known["wanted"][self._ids[symbol]] = False

    @property
    def listed(self) -> Collection[str]:
        """The symbols whose tape is known."""
        return self._tapes.keys()

    @property
    def wanted(self) -> Collection[str]:
        """The symbols that ``wanted_rows`` chooses."""
        return self._wanted_names

    def resumes(self, prints: TradeBatch, now: int) -> list[TradingStatus]:
        """Return halts of which prints tell that they are over, as announcements of now (UTC ns).

        Halts are told by the stream alone, and an end that fell into a gap is not told again.
        """
        over: dict[str, TradingStatus] = {}
        concerned = self.halts.keys() & set(prints.symbols)
        rows = prints.rows(moves_orders(prints, self._tapes)) if concerned else prints
        for symbol in sorted(concerned):
            mine = rows.ts_event[rows.symbol_id == prints.symbols.index(symbol)]
            if len(mine) and mine.max() > self.halts[symbol].ts_event:
                over[symbol] = TradingStatus(symbol, int(mine.max()), now, False, "it trades again")
        return list(over.values())

    def halt(self, status: TradingStatus) -> None:
        """Take an announcement."""
        if status.halted:
            self.halts[status.symbol] = status
        else:
            self.halts.pop(status.symbol, None)
        if status.symbol in self._ids:
            self._known["halted"][self._ids[status.symbol]] = status.halted

    def prints(self, batch: TradeBatch, statuses: Sequence[TradingStatus] = ()) -> TradeBatch:
        """Keep the last of the prints that may fill an order, and return those of wanted symbols.

        Parameters
        ----------
        statuses : sequence of TradingStatus
            That came with the batch; each holds from its arrival on. They are not yet taken.
        """
        self._grow(batch.symbols, len(batch))
        self.heard_event = max(self.heard_event, int(batch.ts_event[-1]))
        chosen = keep_prints(
            self._known,
            self._prints,
            updates_table(batch.conditions),
            self._halted_rows(batch, statuses) if statuses else _NO_HALTS,
            batch.symbol_id,
            batch.price,
            batch.size,
            batch.ts_event,
            batch.ts_init,
            batch.condition_id,
            self._chosen,
        )
        return _compact(batch.rows(self._chosen[:chosen].copy()))

    def quotes(self, batch: QuoteBatch) -> QuoteBatch:
        """Keep the last of the quotes one could fill at, and return those of wanted symbols."""
        self._grow(batch.symbols, len(batch))
        self.heard_event = max(self.heard_event, int(batch.ts_event[-1]))
        chosen = keep_quotes(
            self._known,
            self._quotes,
            batch.symbol_id,
            batch.bid,
            batch.ask,
            batch.bid_size,
            batch.ask_size,
            batch.ts_event,
            batch.ts_init,
            self._chosen,
        )
        return _compact(batch.rows(self._chosen[:chosen].copy()))

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
        seen = self._known["seen_event"][: len(self.symbols)]
        recent = np.flatnonzero((seen > 0) & (seen >= ts_event))
        newest_first = recent[np.argsort(-seen[recent], kind="stable")]
        return [self.symbols[number] for number in newest_first]

    def seen_event(self) -> dict[str, int]:
        """Return the exchange time (UTC ns) of the newest print of every symbol that had one."""
        return {
            symbol: ts
            for symbol, ts in zip(self.symbols, self._known["seen_event"].tolist(), strict=False)
            if ts > 0
        }

    def _load_compiled(self) -> None:
        """Keep nothing of nothing, so that no frame waits for what is compiled.

        Columns of the stream can be written, those of a spool, as Arrow's, can not.
        """
        known, updates = self._known, updates_table(())
        for can_be_written in (True, False):
            ids, n = np.zeros(0, np.int32), np.zeros(0, np.int64)
            ids.flags.writeable = n.flags.writeable = can_be_written
            keep_prints(known, self._prints, updates, _NO_HALTS, ids, n, n, n, n, ids, self._chosen)
            keep_quotes(known, self._quotes, ids, n, n, n, n, n, n, self._chosen)

    def _row(self, table: NDArray[np.void], symbol: str) -> NDArray[np.void] | None:
        number = self._ids.get(symbol)
        if number is None or not table["ts_init"][number]:
            return None
        return table[number : number + 1].copy()

    def _halted_rows(
        self, batch: TradeBatch, statuses: Sequence[TradingStatus]
    ) -> NDArray[np.bool_]:
        """Say which rows are halted when announcements came among them."""
        ids = batch.symbol_id
        halted = self._known["halted"][ids]
        for status in statuses:
            mine = self._ids.get(status.symbol, _NEVER)
            halted[(ids == mine) & (batch.ts_init >= status.ts_init)] = status.halted
        return halted

    def _grow(self, symbols: tuple[str, ...], n_rows: int) -> None:
        """Make room for rows, and for symbols that are new at the end of the table."""
        if n_rows > len(self._chosen):
            self._chosen = np.zeros(2 * n_rows, np.int64)
        if symbols is self.symbols or len(symbols) <= len(self.symbols):
            return
        start = len(self.symbols)
        new, self.symbols = symbols[start:], symbols
        self._ids |= {symbol: start + n for n, symbol in enumerate(new)}
        if len(symbols) > len(self._known):
            room = 2 * len(symbols) - len(self._known)
            self._known = np.concatenate([self._known, np.zeros(room, SYMBOL)])
            self._prints = np.concatenate([self._prints, np.zeros(room, PRINT)])
            self._quotes = np.concatenate([self._quotes, np.zeros(room, QUOTE)])
        fresh = self._known[start : len(symbols)]
        fresh["tape"] = tape_ids(new, self._tapes)
        fresh["halted"] = [symbol in self.halts for symbol in new]
        fresh["wanted"] = [symbol in self._wanted_names for symbol in new]


def _compact[Batch: (TradeBatch, QuoteBatch)](batch: Batch) -> Batch:
    """Return a batch with a table of its own symbols alone."""
    if not len(batch):
        return replace(batch, symbols=())
    numbers, ids = np.unique(batch.symbol_id, return_inverse=True)
    names = tuple(batch.symbols[number] for number in numbers)
    return replace(batch, symbol_id=ids.astype(np.int32), symbols=names)
