"""Every print and quote of a day as an event of its own: slow, and the measure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import batched

import numpy as np

from engine.domain.candidate import BucketReport
from engine.domain.market_data.eligibility import fillable, moves_orders
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.recorded import MarketData
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import Session
from engine.runtime.backtest.feed import closing_instants, settle
from engine.runtime.backtest.simulation import Simulation
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.messages import print_message, quote_message
from engine.runtime.bridge.scanner_actor import ScannerActor
from engine.runtime.bridge.ticks import quote_ticks, status_data, trade_ticks
from engine.signals.scanner import Scanner
from engine.signals.whole_tape.signal_runner import SignalSource
from engine.signals.whole_tape.signal_tables import OnSignals

_BLOCK = 720
"""Buckets of all symbols that are read at once."""


class FullFeed:
    """Plays all symbols through the scanner inside the engine; nothing is known beforehand.

    Parameters
    ----------
    symbols : iterable of str
        The universe; others are not read.
    source : SignalSource, optional
        What other strategies than the compiled one say of it.
    on_signals : callable, optional
        Takes what they say as soon as a bucket has closed.
    """

    def __init__(
        self,
        market: MarketData,
        session: Session,
        history: Callable[[], ParameterHistory],
        symbols: Iterable[str],
        halts: Halts,
        failures: Failures,
        source: SignalSource | None = None,
        on_signals: OnSignals | None = None,
    ) -> None:
        self._tapes = market.tapes(session.day)
        self.scanner = ScannerActor(
            history, session, self._tapes, failures, source=source, on_signals=on_signals
        )
        self.ticks = 0
        self.hydrate_secs = 0.0
        self._market = market
        self._session = session
        self._symbols = sorted(symbols)
        self._halts = halts

    @property
    def candidates(self) -> int:
        """Candidates raised so far."""
        return self.scanner.raised

    @property
    def latest(self) -> BucketReport | None:
        """Of the bucket that closed last."""
        return self.scanner.latest

    @property
    def whole_tape(self) -> Scanner:
        """Every symbol as of that close."""
        return self.scanner.scanner

    def digest(self) -> str:
        """Return the digest of what the scanner said."""
        return self.scanner.scanner.digest()

    def play(self, simulation: Simulation) -> Iterator[int]:
        """Play the day and yield the closing instant of each bucket once it is past."""
        played = now = self._session.pre_market_ns
        simulation.play(until=played)
        played -= 1
        instants = closing_instants(self.scanner.stretches, self._session)
        for block in batched(instants, _BLOCK, strict=False):
            span = self._session.day, self._symbols, played + 1, block[-1] + 1
            started = time.perf_counter()
            quotes = _by_symbol(self._market.quotes(*span))
            trades = _by_symbol(self._market.trades(*span))
            self.hydrate_secs += time.perf_counter() - started
            for now in block:
                self._bucket(
                    simulation, _cut(quotes, played + 1, now), _cut(trades, played + 1, now), now
                )
                played = now
                yield now
        settle(simulation, self._halts, now)

    def _bucket(
        self, simulation: Simulation, quotes: QuoteBatch, trades: TradeBatch, now: int
    ) -> None:
        """Play one bucket; the venue sees an instant's quotes before its prints.

        Each is an event of the engine; the scanner, which gives the same however its columns are
        cut, takes them as one message.
        """
        statuses, traded = self._halts.take(before=now + 1), simulation.instruments
        touches = quote_ticks(quotes.rows(fillable(quotes) & ~self._halts.covers(quotes)), traded)
        prints = trade_ticks(
            trades.rows(moves_orders(trades, self._tapes) & ~self._halts.covers(trades)), traded
        )
        self.ticks += len(touches) + len(prints)
        simulation.list_symbols(
            {status.symbol for status in statuses} | _symbols(quotes) | _symbols(trades)
        )
        simulation.play(
            status_data(statuses, traded),
            touches,
            prints,
            [quote_message(quotes)] if len(quotes) else [],
            [print_message(trades)] if len(trades) else [],
            until=now,
        )


def _by_symbol[Batch: (TradeBatch, QuoteBatch)](batch: Batch) -> Batch:
    """Return a batch ordered by arrival and, within an instant, by symbol, as pruned ticks are."""
    rank = np.argsort(np.argsort(np.array(batch.symbols)))
    return batch.rows(np.lexsort((rank[batch.symbol_id], batch.ts_init)))


def _cut[Batch: (TradeBatch, QuoteBatch)](batch: Batch, start: int, last: int) -> Batch:
    first, end = np.searchsorted(batch.ts_init, (start, last + 1))
    return batch.rows(slice(int(first), int(end)))


def _symbols(batch: TradeBatch | QuoteBatch) -> set[str]:
    return {batch.symbols[n] for n in np.unique(batch.symbol_id)}
