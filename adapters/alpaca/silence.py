"""Hop 1: a feed that is connected but says nothing: the whole socket, or one symbol of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.domain.quotes import QuoteBatch
from engine.domain.session import NANOS_PER_SECOND, day_of, is_session, session
from engine.domain.trades import TradeBatch


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
        Longest silence of the whole socket.
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
        self._symbols: dict[str, int] = {}
        self._limits: dict[str, int] = {}

    def begin(self, now: int) -> None:
        """Start to count: the subscription is acknowledged."""
        self._since = now

    def heard(self, now: int) -> None:
        """Note that data came."""
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
        """Say whether the socket is silent for too long; to be asked regularly."""
        if not self._is_open(now):
            self._since = now
        return now - max(self._since, self._heard) > self._socket_ns

    def mute_symbols(self, now: int) -> tuple[str, ...]:
        """Return the watched symbols that are silent for too long, in alphabetical order."""
        if not self._is_open(now):
            self._since = now
        return tuple(
            symbol
            for symbol, limit in sorted(self._limits.items())
            if now - max(self._since, self._symbols[symbol]) > limit
        )
