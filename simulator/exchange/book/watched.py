"""The markets of the stocks that an order or a position has to do with."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from engine.domain.fixed_point import decimal_price
from engine.domain.market_data.quotes import Quote
from simulator.exchange.book.markets import Market, Print
from simulator.exchange.book.state import State


def no_quote(_symbol: str) -> Quote | None:
    """Know of no quote."""
    return None


def no_print(_symbol: str) -> Print | None:
    """Know of no print."""
    return None


class Watched:
    """Finds a stock's market, and forgets it when nobody has to do with it any more.

    Parameters
    ----------
    state : State
    last_quote, last_print : function
        The last fillable quote and eligible print of a stock as of what was played last; asked
        when a stock begins to be watched.
    """

    def __init__(
        self,
        state: State,
        last_quote: Callable[[str], Quote | None] = no_quote,
        last_print: Callable[[str], Print | None] = no_print,
    ) -> None:
        self._state = state
        self._last_quote = last_quote
        self._last_print = last_print

    def symbols(self) -> set[str]:
        """Return the stocks whose quotes and prints are needed."""
        return set(self._state.markets)

    def of(self, symbol: str) -> Market:
        """Return the market of a stock, watched from now on."""
        state = self._state
        market = state.markets.get(symbol)
        if market is None:
            market = _market_of(self._last_quote(symbol), self._last_print(symbol))
            market.limit_down, market.limit_up = state.bands.get(symbol, (0, 0))
            state.markets[symbol] = market
        return market

    def last_price(self, symbol: str) -> Decimal | None:
        """Return a stock's last price, USD, None before it traded; it need not be watched."""
        market = self._state.markets.get(symbol) or _market_of(None, self._last_print(symbol))
        return None if market.last_ts < 0 else decimal_price(market.last)

    def tidy(self, symbol: str) -> None:
        """Forget the market of a stock that nobody has to do with any more."""
        state = self._state
        if symbol in state.markets and not state.watches(symbol):
            del state.markets[symbol]


def _market_of(quote: Quote | None, last: Print | None) -> Market:
    """Return a market as what came last left it; a print comes after a quote of its instant."""
    market = Market()
    if last is not None:
        market.printed(last.price, last.ts_init)
    if quote is not None:
        printed = market.bid, market.ask
        market.quoted(quote.bid, quote.ask, quote.bid_size, quote.ask_size, quote.ts_init)
        if last is not None and last.ts_init >= quote.ts_init:
            market.bid, market.ask = printed
    return market
