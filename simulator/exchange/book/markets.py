"""What the look-alike knows of one stock's market when an order meets it."""

from __future__ import annotations

import msgspec


class Print(msgspec.Struct, frozen=True):
    """An eligible print: price in 1e-6 USD, size in 1e-6 share, time of arrival in UTC ns."""

    price: int
    size: int
    ts_init: int


class Market(msgspec.Struct):
    """One stock's touch.

    Attributes
    ----------
    bid, ask : int
        What came last: a quote's two sides, or a print's price on both; 0 before anything came.
    quote_bid, quote_ask, bid_size, ask_size, quote_ts : int
        The last quote; ``quote_ts`` is -1 before the first.
    last, last_ts : int
        The last print; ``last_ts`` is -1 before the first.
    limit_up, limit_down : int
        The band of the limit-up limit-down plan: nothing trades outside it, and what is quoted
        there cannot be traded against; 0 where none is known.
    beyond, beyond_ts : int
        The last print, if it was outside the band; else 0. It is no trading, but tells where the
        market is when no quote does.
    """

    bid: int = 0
    ask: int = 0
    quote_bid: int = 0
    quote_ask: int = 0
    bid_size: int = 0
    ask_size: int = 0
    quote_ts: int = -1
    last: int = 0
    last_ts: int = -1
    limit_up: int = 0
    limit_down: int = 0
    beyond: int = 0
    beyond_ts: int = -1

    @property
    def is_known(self) -> bool:
        """Whether anything has been quoted or traded."""
        return self.ask > 0

    @property
    def was_printed(self) -> bool:
        """Whether a print came last; locked quotes never come."""
        return self.bid == self.ask

    def quoted(self, bid: int, ask: int, bid_size: int, ask_size: int, ts: int) -> None:
        """Take a quote."""
        self.bid = self.quote_bid = bid
        self.ask = self.quote_ask = ask
        self.bid_size, self.ask_size, self.quote_ts = bid_size, ask_size, ts

    def printed(self, price: int, ts: int) -> None:
        """Take a print."""
        self.bid = self.ask = self.last = price
        self.last_ts = ts
        self.beyond = 0

    def printed_beyond(self, price: int, ts: int) -> None:
        """Take a print outside the band."""
        self.beyond, self.beyond_ts = price, ts

    def touch(self, stale_quote_ns: int, *, buys: bool) -> int:
        """Return what one share can be had or sold for, 1e-6 USD; outside the band it cannot."""
        if self.beyond and self._is_stale(self.beyond_ts, stale_quote_ns):
            return self.beyond
        if not self.was_printed:
            return self.ask if buys else self.bid
        if self._is_stale(self.last_ts, stale_quote_ns):
            return self.bid
        return self.quote_ask if buys else self.quote_bid

    def allows(self, price: int) -> bool:
        """Say whether the band lets a stock trade at a price."""
        return self.limit_down <= price and not 0 < self.limit_up < price

    def within_band(self, price: int) -> int:
        """Return the nearest price at which the band lets a stock trade."""
        if self.limit_up:
            price = min(price, self.limit_up)
        return max(price, self.limit_down)

    def _is_stale(self, printed_ts: int, stale_quote_ns: int) -> bool:
        """Say whether a print tells more of the market than the last quote does."""
        return self.quote_ts < 0 or printed_ts - self.quote_ts > stale_quote_ns
