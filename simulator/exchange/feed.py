"""The market as it comes in: quotes, prints, halts and price bands meet the orders that wait."""

from __future__ import annotations

from engine.domain.market_data.status import TradingStatus
from simulator.exchange.arrivals import Arrivals
from simulator.exchange.book.state import State
from simulator.exchange.book.watched import Watched
from simulator.exchange.fills.matching import Matching


class MarketFeed:
    """Takes the market of watched stocks; times are UTC ns and never go back."""

    def __init__(
        self, state: State, watched: Watched, arrivals: Arrivals, matching: Matching
    ) -> None:
        self._state = state
        self._watched = watched
        self._arrivals = arrivals
        self._matching = matching

    def quote(self, symbol: str, bid: int, ask: int, bid_size: int, ask_size: int, ts: int) -> None:
        """Take a fillable quote of a watched stock: 1e-6 USD, shares.

        Nobody can trade on what is quoted or printed in a halt, so it is not looked at.
        """
        self._arrivals.pass_until(ts, inclusive=False)
        market = self._state.markets.get(symbol)
        if market is not None and symbol not in self._state.halted:
            market.quoted(bid, ask, bid_size, ask_size, ts)
            self._matching.match(symbol, ts, self._arrivals.phase(ts))
            self._watched.tidy(symbol)

    def print(self, symbol: str, price: int, size: int, ts: int) -> None:
        """Take an eligible print of a watched stock: 1e-6 USD, shares.

        One in a halt or outside the price band is no trading: nobody could have had it.
        """
        del size
        self._arrivals.pass_until(ts, inclusive=False)
        market = self._state.markets.get(symbol)
        if market is None or symbol in self._state.halted:
            return
        if not market.allows(price):
            market.printed_beyond(price, ts)
        else:
            market.printed(price, ts)
            self._matching.match(symbol, ts, self._arrivals.phase(ts))
            self._watched.tidy(symbol)

    def status(self, status: TradingStatus) -> None:
        """Take a halt or a resume of any stock."""
        self._arrivals.pass_until(status.ts_init, inclusive=False)
        if status.halted:
            self._state.halted.add(status.symbol)
        else:
            self._state.halted.discard(status.symbol)

    def luld(self, symbol: str, limit_down: int, limit_up: int, ts: int) -> None:
        """Take the band of a stock outside which nothing trades, 1e-6 USD; 0 lifts a side.

        What waits for it meets the market again with the next quote or print.
        """
        self._arrivals.pass_until(ts, inclusive=False)
        self._state.bands[symbol] = limit_down, limit_up
        market = self._state.markets.get(symbol)
        if market is not None:
            market.limit_down, market.limit_up = limit_down, limit_up
