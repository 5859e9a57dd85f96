"""A feed that is connected but says nothing: the whole socket, or one symbol of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import NANOS_PER_SECOND, day_of, is_session, session
from engine.tape import silence_limit_ns

_NEVER = -1
_ENOUGH_FRAMES = 20
_UNKNOWN_FEED = 24
"""Until a feed is known it may be silent for so many times as long: it may have few symbols."""


def in_regular_hours(now: int) -> bool:
    """Say whether the exchange's regular session is open at an instant (UTC ns)."""
    day = day_of(now)
    return is_session(day) and session(day).open_ns <= now < session(day).close_ns


class Silence:
    """When a socket and each watched symbol was heard last; times are UTC nanoseconds.

    A ping that is answered proves nothing: sockets were seen that answered pings and sent no data
    for hours (ALPACA §0.6). Silence counts from the last data, from the opening of the market,
    or from the subscription, whichever came last.

    Parameters
    ----------
    socket_secs : float
        Longest silence of the whole socket; longer where its frames so far were far between.
    is_open : callable
        Says whether data is to be expected at an instant.
    """

    def __init__(
        self, socket_secs: float, is_open: Callable[[int], bool] = in_regular_hours
    ) -> None:
        self._socket_ns = round(socket_secs * NANOS_PER_SECOND)
        self._is_open = is_open
        self._since = 0
        self._heard = 0
        self._open_ns = 0
        self._frames = 0
        self._suspected = _NEVER
        self._symbols: dict[str, int] = {}
        self._limits: dict[str, int] = {}

    def begin(self, now: int) -> None:
        """Start to count: the subscription is acknowledged."""
        self._since = now

    def heard(self, now: int) -> None:
        """Note that data came; while it comes, the time between is learned."""
        if self._is_open(now):
            self._open_ns += now - max(self._since, self._heard) if self._frames else 0
            self._frames += 1
        self._heard = now

    def watch(self, symbol: str, secs: float, now: int) -> None:
        """Watch a symbol from now on: one with a position, one that trades every second."""
        self._limits[symbol] = round(secs * NANOS_PER_SECOND)
        self._symbols[symbol] = now

    def unwatch(self, symbol: str) -> None:
        """Stop to watch a symbol: it is halted, or of no interest any more."""
        self._limits.pop(symbol, None)
        self._symbols.pop(symbol, None)

    def heard_of(self, batch: TradeBatch | QuoteBatch, now: int) -> None:
        """Note the watched symbols of a batch."""
        if self._limits:
            for number in np.unique(batch.symbol_id):
                symbol = batch.symbols[number]
                if symbol in self._limits:
                    self._symbols[symbol] = now

    def is_socket_mute(self, now: int) -> bool:
        """Say whether the socket is silent for too long; to be asked regularly.

        It has to be found so twice in a row: a host that was held up, or whose time runs faster
        than the wall's, has not read yet what waits for it.
        """
        if not self._is_open(now):
            self._since = now
        if now - max(self._since, self._heard) <= self._limit_ns():
            return False
        before, self._suspected = self._suspected, self._heard
        return before == self._heard

    def _limit_ns(self) -> int:
        if self._frames < _ENOUGH_FRAMES:
            return _UNKNOWN_FEED * self._socket_ns
        return silence_limit_ns(self._socket_ns, self._open_ns / (self._frames - 1))

    def mute_symbols(self, now: int) -> tuple[str, ...]:
        """Return the watched symbols that are silent for too long, in alphabetical order."""
        if not self._is_open(now):
            self._since = now
        return tuple(
            symbol
            for symbol, limit in sorted(self._limits.items())
            if now - max(self._since, self._symbols[symbol]) > limit
        )
