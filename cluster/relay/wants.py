"""What one receiver has subscribed to: symbols by name, all of them, or by how they begin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

CHANNELS = (
    "trades",
    "quotes",
    "bars",
    "updatedBars",
    "dailyBars",
    "statuses",
    "lulds",
    "imbalances",
)
ALL = "*"

_WITH_TRADES = ("corrections", "cancelErrors")
_SYMBOL = re.compile(r"\*|[A-Za-z0-9][A-Za-z0-9.\-/+:]{0,20}")
_PREFIX = re.compile(r"([A-Z0-9]{1,4})(?:-([A-Z0-9]{1,4}))?")


class Prefixes(msgspec.Struct, frozen=True):
    """Symbols that begin with ``first``, with ``last``, or with what lies between them."""

    first: str
    last: str

    @classmethod
    def read(cls, text: str) -> Prefixes | None:
        """Return what ``A``, ``A-C`` or ``SN-SZ`` stands for, None for what is none of these."""
        found = _PREFIX.fullmatch(text)
        if found is None:
            return None
        first, last = found[1], found[2] or found[1]
        return cls(first, last) if first <= last else None

    def __contains__(self, symbol: str) -> bool:
        """Say whether a symbol is one of them."""
        return symbol[: len(self.first)] >= self.first and symbol[: len(self.last)] <= self.last

    def __str__(self) -> str:
        """Return it as it is written."""
        return self.first if self.first == self.last else f"{self.first}-{self.last}"


class Wants:
    """The subscription of one receiver.

    Attributes
    ----------
    names : dict of str to dict
        Symbols of each channel, in the order they were asked for.
    prefixes : tuple of Prefixes
        How symbols begin, for receivers of ours; their ``channels`` are those of all of them.
    """

    def __init__(self) -> None:
        self.names: dict[str, dict[str, None]] = {channel: {} for channel in CHANNELS}
        self.prefixes: tuple[Prefixes, ...] = ()
        self.channels: tuple[str, ...] = ()

    def takes(self, channel: str, symbol: str) -> bool:
        """Say whether a row is asked for; what has no symbol goes to whoever wants all."""
        names = self.names.get(channel, {})
        if ALL in names or symbol in names:
            return True
        return channel in self.channels and any(symbol in each for each in self.prefixes)

    def change(self, said: Mapping[str, Any], *, adds: bool) -> bool:
        """Subscribe or unsubscribe by name; a request that is not well formed changes nothing.

        Returns
        -------
        bool
            Whether it was well formed.
        """
        changed = {channel: dict(symbols) for channel, symbols in self.names.items()}
        for channel, value in said.items():
            if channel == "action" or channel in _WITH_TRADES:
                continue
            symbols = [] if value is None else value
            if channel not in changed or not isinstance(symbols, list):
                return False
            if not all(isinstance(name, str) and _SYMBOL.fullmatch(name) for name in symbols):
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
        read = [Prefixes.read(text) for text in prefixes]
        named = tuple(channels)
        if None in read or not read or not named or not set(named) <= set(CHANNELS):
            return False
        self.prefixes = tuple(each for each in read if each is not None)
        self.channels = named
        return True

    def upstream(self) -> dict[str, tuple[str, ...]]:
        """Return what is needed of the venue, symbols by channel."""
        needed = {channel: tuple(names) for channel, names in self.names.items() if names}
        return needed | dict.fromkeys(self.channels, (ALL,))

    def message(self) -> dict[str, Any]:
        """Return the acknowledgement: always the whole set."""
        told: dict[str, Any] = {"T": "subscription"}
        told |= {
            channel: list(names)
            for channel, names in self.names.items()
            if channel != "imbalances" or names
        }
        trades = list(self.names["trades"])
        told |= dict.fromkeys(_WITH_TRADES, trades)
        if self.prefixes:
            told |= {"prefixes": list(map(str, self.prefixes)), "channels": list(self.channels)}
        return told
