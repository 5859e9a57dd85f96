"""The test stream, whose one symbol trades at any hour."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

from simulator.server.feeds import TEST_SYMBOL
from simulator.server.streams.codec import market_frame
from simulator.server.streams.subscribers import Listener

_TICK_SECS = 0.25
_START_CENTS = 13_400
_MINUTE_NS = 60_000_000_000


class FakeFeed:
    """Makes up trades, quotes and bars of ``FAKEPACA``; seeded, on the wall's clock."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self._chance = random.Random(1)  # noqa: S311  (seeded on purpose)
        self._cents = _START_CENTS
        self._number = 0
        self._bar: dict[str, Any] | None = None

    async def run(self) -> None:
        """Tick for as long as anybody may listen."""
        while True:
            await asyncio.sleep(_TICK_SECS)
            now = time.time_ns()
            for channel, message in self._tick(now):
                for each in list(self.listeners):
                    if each.subscriptions.takes(channel, TEST_SYMBOL):
                        each.outbox.put(market_frame(each.codec, [message]))

    def _tick(self, now: int) -> list[tuple[str, dict[str, Any]]]:
        self._cents = max(100, self._cents + self._chance.choice((-1, 0, 1)))
        self._number += 1
        price, size = self._cents / 100, self._chance.randint(1, 300)
        head = {"S": TEST_SYMBOL, "t": now, "z": "N"}
        trade = {"T": "t", **head, "i": self._number, "x": "N", "p": price, "s": size, "c": ["@"]}
        quote = {
            "T": "q",
            **head,
            "bx": "O",
            "bp": (self._cents - 1) / 100,
            "bs": 1,
            "ax": "R",
            "ap": (self._cents + 1) / 100,
            "as": 2,
            "c": ["R"],
        }
        told = [("trades", trade), ("quotes", quote)]
        minute = now // _MINUTE_NS * _MINUTE_NS
        if self._bar is not None and self._bar["t"] < minute:
            told.append(("bars", self._bar))
            self._bar = None
        self._bar = _with_print(self._bar, minute, price, size)
        return told


def _with_print(bar: dict[str, Any] | None, minute: int, price: float, size: int) -> dict[str, Any]:
    """Return a minute's bar with one more print."""
    last = {"o": price, "h": price, "l": price, "v": 0, "n": 0, "vw": 0.0} | (bar or {})
    volume = last["v"] + size
    return {
        "T": "b",
        "S": TEST_SYMBOL,
        "o": last["o"],
        "h": max(last["h"], price),
        "l": min(last["l"], price),
        "c": price,
        "v": volume,
        "n": last["n"] + 1,
        "vw": round((last["vw"] * last["v"] + price * size) / volume, 6),
        "t": minute,
    }
