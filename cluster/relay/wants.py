"""What one receiver has subscribed to: symbols by name, all of them, or by how they begin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cluster.slots import Slot, places_of, slots_of
from engine.domain.errors import ConfigError
from serving.market_stream import ALL, STOCK_CHANNELS, SYMBOL, WITH_TRADES


class Wants:
    """The subscription of one receiver.

    Attributes
    ----------
    names : dict of str to dict
        Symbols of each channel, in the order they were asked for.
    slots : tuple of Slot
        How symbols begin, for receivers of ours; their ``channels`` are those of all of them.
    """

    def __init__(self) -> None:
        self.names: dict[str, dict[str, None]] = {channel: {} for channel in STOCK_CHANNELS}
        self.slots: tuple[Slot, ...] = ()
        self.channels: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many symbols are named over all channels."""
        return sum(map(len, self.names.values()))

    def copy(self) -> Wants:
        """Return the same subscription, which does not change with this one."""
        same = Wants()
        same.names = {channel: dict(symbols) for channel, symbols in self.names.items()}
        same.slots, same.channels = self.slots, self.channels
        return same

    def takes(self, channel: str, symbols: Sequence[str]) -> NDArray[np.bool_]:
        """Return of which symbols a channel's rows are asked for, shape (n,).

        What has no symbol goes to whoever wants all.
        """
        names = self.names.get(channel, {})
        if ALL in names:
            return np.ones(len(symbols), np.bool_)
        taken = np.array([name in names for name in symbols], np.bool_)
        if channel in self.channels and len(symbols):
            places = places_of(symbols)
            for each in self.slots:
                taken |= (each.first <= places) & (places <= each.last)
            taken &= np.array([name != "" for name in symbols], np.bool_)
        return taken

    def change(self, said: Mapping[str, Any], *, adds: bool) -> bool:
        """Subscribe or unsubscribe by name; a request that is not well formed changes nothing.

        Returns
        -------
        bool
            Whether it was well formed.
        """
        changed = {channel: dict(symbols) for channel, symbols in self.names.items()}
        for channel, value in said.items():
            if channel == "action" or channel in WITH_TRADES:
                continue
            symbols = [] if value is None else value
            if channel not in changed or not isinstance(symbols, list):
                return False
            if not all(isinstance(name, str) and SYMBOL.fullmatch(name) for name in symbols):
                return False
            for symbol in symbols:
                if adds:
                    changed[channel][symbol] = None
                else:
                    changed[channel].pop(symbol, None)
        self.names = changed
        return True

    def begin_with(self, prefixes: Iterable[str], channels: Iterable[str]) -> bool:
        """Subscribe by beginnings, instead of what was asked for so before; as ``change``."""
        try:
            slots = slots_of(",".join(prefixes))
        except ConfigError:
            return False
        named = tuple(channels)
        if not slots or not named or not set(named) <= set(STOCK_CHANNELS):
            return False
        self.slots = slots
        self.channels = named
        return True

    def upstream(self) -> dict[str, tuple[str, ...]]:
        """Return what is needed of the venue, symbols by channel."""
        needed = {channel: tuple(names) for channel, names in self.names.items() if names}
        return needed | dict.fromkeys(self.channels, (ALL,))

    def message(self) -> dict[str, Any]:
        """Return the acknowledgement: always the whole set."""
        message: dict[str, Any] = {"T": "subscription"}
        message |= {
            channel: list(names)
            for channel, names in self.names.items()
            if channel != "imbalances" or names
        }
        trades = list(self.names["trades"])
        message |= dict.fromkeys(WITH_TRADES, trades)
        if self.slots:
            message |= {"prefixes": list(map(str, self.slots)), "channels": list(self.channels)}
        return message
