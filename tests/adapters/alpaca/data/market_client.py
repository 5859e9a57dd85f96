"""A market-data session with everything it told, and what a server may send it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.alpaca.streams.market_stream import MarketStream
from adapters.alpaca.streams.messages import Gap
from adapters.alpaca.wire.market import FrameDecoder
from adapters.transport.kept_socket import StreamState
from tests.adapters.alpaca.streams.scripted_socket import (
    CREDENTIALS,
    QUICK,
)

NOON = datetime(2026, 9, 18, 16, tzinfo=UTC)


CODECS = pytest.mark.parametrize("codec", ["msgpack", "json"])


def trade(number: int = 1, symbol: str = "AAPL") -> dict[str, Any]:
    return {
        "T": "t",
        "S": symbol,
        "i": number,
        "x": "V",
        "p": 100.25,
        "s": 10,
        "c": ["@"],
        "t": NOON,
        "z": "C",
    }


def error(code: int, text: str = "no") -> dict[str, Any]:
    return {"T": "error", "code": code, "msg": text}


class Client:
    """A stream with everything it told."""

    def __init__(self, url: str, **kwargs: Any) -> None:
        self.told: list[Gap | bytes | str] = []
        self.states: list[StreamState] = []
        self.muted: list[tuple[str, ...]] = []
        self.stream = MarketStream(
            url,
            CREDENTIALS,
            on_frames=lambda heard: self.told.extend(frame for frame, _ in heard),
            on_gap=self.told.append,
            on_state=self.states.append,
            on_mute=self.muted.append,
            **{"patience": QUICK, **kwargs},
        )

    @property
    def frames(self) -> list[bytes | str]:
        """Frames of data without the gaps."""
        return [frame for frame in self.told if not isinstance(frame, Gap)]

    def trades(self) -> list[int]:
        """Return the number of trades of each frame."""
        decoder = FrameDecoder()
        batches = [decoder.decode(frame, 1).trades for frame in self.frames]
        return [len(batch) if batch else 0 for batch in batches]

    def reasons(self) -> str:
        """Return every reason that was told."""
        return " ".join(state.reason for state in self.states)


def play[T](scenario: Callable[[], Awaitable[T]]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(300):
            return await scenario()

    return asyncio.run(bounded())
