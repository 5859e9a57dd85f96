"""A recorded day read once, letter by letter, and cut into blocks of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.conditions import TAPES
from engine.domain.market_data.eligibility import fillable, moves_orders
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.recorded import MarketData
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import NANOS_PER_SECOND, session
from simulator.tape.block import Block, arranged, concatenated, merged
from simulator.tape.survey import Survey, survey
from simulator.tape.trade_ids import TradeIds

BLOCK_NS = 30 * NANOS_PER_SECOND
"""Width of a block; two make a minute, so that minute bars end with one."""

_DAY_NS = 20 * 3600 * NANOS_PER_SECOND
"""From 04:00 New York to midnight."""

_OF_ITSELF = {tape: tape for tape in TAPES}

_QUOTE_BLOCKS = 20
"""Blocks of quotes that are looked up at once."""


class DayReader:
    """Reads one day from beginning to end, one block ahead of who asks.

    Attributes
    ----------
    symbols : tuple of str
        Every symbol with prints on that day, in alphabetical order.
    statuses : list of TradingStatus
        Halts and resumes of these, in order of arrival.
    start_ns, end_ns : int
        What the blocks span: 04:00 New York to midnight.
    """

    def __init__(self, market: MarketData, day: date) -> None:
        self.day = day
        self._survey = survey(market, day)
        self.symbols = symbols = self._survey.symbols
        self.tapes: Mapping[str, str] = market.tapes(day)
        self.statuses = [status for status in market.statuses(day) if status.symbol in set(symbols)]
        self.start_ns = session(day).pre_market_ns // BLOCK_NS * BLOCK_NS
        self.end_ns = self.start_ns + _DAY_NS
        self._market = market
        self._halts = Halts(self.statuses)

    def blocks(self) -> Iterator[Block]:
        """Yield the day's blocks in order; what was printed before the first belongs to it."""
        halting = {status.symbol for status in self.statuses}
        source = _Blocks(self._market, self.day, self._survey, self.tapes, self._halts, halting)
        edges = pairwise(range(self.start_ns, self.end_ns + 1, BLOCK_NS))
        coming: Future[Block] | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="tape") as ahead:
            for start, end in edges:
                following = ahead.submit(source.block, start, end)
                if coming is not None:
                    yield coming.result()
                coming = following
            if coming is not None:
                yield coming.result()


class _Blocks:
    """The stored columns of a day, taken once from front to back."""

    def __init__(
        self,
        market: MarketData,
        day: date,
        survey: Survey,
        tapes: Mapping[str, str],
        halts: Halts,
        halting: set[str],
    ) -> None:
        self._symbols = symbols = survey.symbols
        self._ids = TradeIds(survey)
        self._tape_ids = np.array([TAPES.index(tapes.get(name, "")) for name in symbols], np.int32)
        self._halts = halts
        self._halting = tuple(sorted(halting & set(symbols)))
        self._halt_ids = np.full(len(symbols), -1, np.int32)
        self._halt_ids[np.searchsorted(np.array(symbols), np.array(self._halting, str))] = range(
            len(self._halting)
        )
        self._conditions: dict[str, int] = {}
        ids = {symbol: n for n, symbol in enumerate(symbols)}
        self._letters = [
            _Letter(market.trade_batches(day, letter), ids, self._conditions)
            for letter in market.letters(day)
        ]
        self._quotes = _Quotes(market, day, symbols)

    def block(self, start: int, end: int) -> Block:
        """Return the next block, which ends before ``end``."""
        parts = [part for letter in self._letters for part in letter.before(end)]
        symbol_id, ts_event, ts_init, price, size, condition_id = (
            concatenated([part[n] for part in parts], dtype)
            for n, dtype in enumerate((np.int32, np.int64, np.int64, np.int64, np.int64, np.int32))
        )
        trades = TradeBatch(
            symbol_id,
            self._symbols,
            ts_event,
            ts_init,
            price,
            size,
            condition_id,
            tuple(self._conditions),
        )
        places = arranged(ts_init, symbol_id, runs=len(parts))
        if places is not None:
            trades = trades.rows(places)
        quotes = self._quotes.before(end)
        moves = moves_orders(_among(TAPES, self._tape_ids, trades), _OF_ITSELF)
        moves &= self._trading(trades)
        offers = fillable(quotes) & self._trading(quotes)
        order, ts = merged(trades.ts_init, quotes.ts_init)
        ids = self._ids.of(trades)
        return Block(start, end, trades, quotes, ids, moves, offers, order, ts)

    def _trading[Batch: (TradeBatch, QuoteBatch)](self, batch: Batch) -> NDArray[np.bool_]:
        """Say which rows arrived outside of halts."""
        trading = np.ones(len(batch), np.bool_)
        halting = np.flatnonzero(self._halt_ids[batch.symbol_id] >= 0)
        if len(halting):
            few = _among(self._halting, self._halt_ids, batch.rows(halting))
            trading[halting] = ~self._halts.covers(few)
        return trading


type _Columns = tuple[NDArray[np.generic], ...]


class _Letter:
    """One letter's prints, decoded a row group at a time and cut where a block ends."""

    def __init__(
        self, batches: Iterator[TradeBatch], ids: Mapping[str, int], conditions: dict[str, int]
    ) -> None:
        self._batches = batches
        self._ids = ids
        self._conditions = conditions
        self._columns: _Columns | None = self._next()
        self._taken = 0

    def before(self, end: int) -> list[_Columns]:
        """Take what arrived before an instant and was not taken yet."""
        parts: list[_Columns] = []
        while self._columns is not None:
            ts_init = self._columns[2]
            last = int(np.searchsorted(ts_init, end))
            if last > self._taken:
                parts.append(tuple(column[self._taken : last] for column in self._columns))
            if last < len(ts_init):
                self._taken = last
                return parts
            self._columns, self._taken = self._next(), 0
        return parts

    def _next(self) -> _Columns | None:
        batch = next(self._batches, None)
        if batch is None:
            return None
        symbol = np.array([self._ids.get(name, -1) for name in batch.symbols], np.int32)
        codes = [self._conditions.setdefault(c, len(self._conditions)) for c in batch.conditions]
        return (
            symbol[batch.symbol_id],
            batch.ts_event,
            batch.ts_init,
            batch.price,
            batch.size,
            np.array(codes, np.int32)[batch.condition_id],
        )


class _Quotes:
    """A day's quotes, looked up for several blocks at once."""

    def __init__(self, market: MarketData, day: date, symbols: tuple[str, ...]) -> None:
        self._market = market
        self._day = day
        self._symbols = symbols
        self._stored = market.has_quotes(day)
        self._read_to = 0
        self._batch = self._look_up(0)

    def before(self, end: int) -> QuoteBatch:
        """Take what arrived before an instant and was not taken yet."""
        if end > self._read_to:
            rest, more = self._batch, self._look_up(end + (_QUOTE_BLOCKS - 1) * BLOCK_NS)
            self._batch = _joined(rest, more) if len(rest) else more
        cut = int(np.searchsorted(self._batch.ts_init, end))
        taken = self._batch.rows(slice(0, cut))
        self._batch = self._batch.rows(slice(cut, None))
        return taken

    def _look_up(self, end: int) -> QuoteBatch:
        symbols = self._symbols if self._stored else ()
        batch = self._market.quotes(self._day, symbols, self._read_to, end)
        if batch.symbols not in {(), self._symbols}:
            ids = np.searchsorted(np.array(self._symbols), np.array(batch.symbols))
            batch = replace(batch, symbol_id=ids.astype(np.int32)[batch.symbol_id])
        self._read_to = end
        places = arranged(batch.ts_init, batch.symbol_id, runs=1)
        return batch if places is None else batch.rows(places)


def _among[Batch: (TradeBatch, QuoteBatch)](
    names: tuple[str, ...], ids: NDArray[np.int32], batch: Batch
) -> Batch:
    """Return rows as those of a few names, so that a rule by name looks at few."""
    return replace(batch, symbols=names, symbol_id=ids[batch.symbol_id])


def _joined(first: QuoteBatch, second: QuoteBatch) -> QuoteBatch:
    return QuoteBatch(
        np.concatenate((first.symbol_id, second.symbol_id)),
        first.symbols,
        np.concatenate((first.ts_event, second.ts_event)),
        np.concatenate((first.ts_init, second.ts_init)),
        np.concatenate((first.bid, second.bid)),
        np.concatenate((first.ask, second.ask)),
        np.concatenate((first.bid_size, second.bid_size)),
        np.concatenate((first.ask_size, second.ask_size)),
    )
