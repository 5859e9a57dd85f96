"""What one market-data socket has subscribed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serving.market_stream import (
    INVALID_FOR_FEED,
    INVALID_SYNTAX,
    STOCK_CHANNELS,
    SYMBOL,
    SYMBOL_LIMIT,
    WITH_TRADES,
    StreamError,
)
from simulator.tape import Wanted

NEWS_CHANNELS = ("news",)
_ACCEPTED = (*STOCK_CHANNELS, *NEWS_CHANNELS, "orderbooks")
"""Channels that may be named on any feed as long as nothing is asked of them."""

_COUNTED = ("trades", "quotes")
"""Channels that a plan's symbol limit counts."""


class Subscriptions:
    """The symbols of each channel; repeating a subscription changes nothing.

    Parameters
    ----------
    limit : int or None
        How many symbols a plan allows over trades and quotes; None for any number.
    channels : tuple of str
        What the feed offers.
    """

    def __init__(
        self, *, limit: int | None = None, channels: tuple[str, ...] = STOCK_CHANNELS
    ) -> None:
        self._limit = limit
        self._channels = channels
        self._names: dict[str, dict[str, None]] = {name: {} for name in channels}

    def change(self, said: Mapping[str, Any], *, adds: bool) -> StreamError | None:
        """Subscribe or unsubscribe; a refused request changes nothing."""
        changed = {name: dict(symbols) for name, symbols in self._names.items()}
        for name, value in said.items():
            if name == "action" or name in WITH_TRADES:
                continue
            symbols = [] if value is None else value
            if not isinstance(symbols, list) or not all(map(_is_symbol, symbols)):
                return INVALID_SYNTAX
            if name not in changed:
                if symbols or name not in _ACCEPTED:
                    return INVALID_FOR_FEED
                continue
            for symbol in symbols:
                if adds:
                    changed[name][symbol] = None
                else:
                    changed[name].pop(symbol, None)
        if self._limit is not None and _over(changed, self._limit):
            return SYMBOL_LIMIT
        self._names = changed
        return None

    def message(self) -> dict[str, Any]:
        """Return the acknowledgement: always the whole set."""
        told: dict[str, Any] = {"T": "subscription"}
        for name in self._channels:
            if name != "imbalances" or self._names[name]:
                told[name] = list(self._names[name])
        if "lulds" in self._channels:
            told |= {name: list(self._names["trades"]) for name in WITH_TRADES}
        return told

    def takes(self, channel: str, symbol: str) -> bool:
        """Say whether a message of a channel is asked for."""
        names = self._names.get(channel, {})
        return symbol in names or "*" in names

    def any_of(self, channel: str) -> bool:
        """Say whether anything of a channel is asked for."""
        return bool(self._names.get(channel))

    def wanted(self, *, arrivals: bool) -> Wanted:
        """Return which rows of the tape are asked for."""
        return Wanted(
            frozenset(self._names["trades"]), frozenset(self._names["quotes"]), arrivals=arrivals
        )


def _is_symbol(name: object) -> bool:
    return isinstance(name, str) and SYMBOL.fullmatch(name) is not None


def _over(names: Mapping[str, Mapping[str, None]], limit: int) -> bool:
    counted = [names[name] for name in _COUNTED if name in names]
    return any("*" in symbols or len(symbols) > limit for symbols in counted)
