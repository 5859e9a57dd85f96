"""The port between hub and shards: streams of numbered entries, and values that may expire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class At(NamedTuple):
    """Where an entry stands in its stream; its writer numbers it, later entries higher."""

    major: int
    minor: int = 0


START = At(0, 0)
"""Before the first entry of any stream."""


class Entry(NamedTuple):
    """One entry of a stream."""

    stream: str
    at: At
    data: bytes


class Streams(Protocol):
    """Streams and values by name.

    Every call raises ``StreamsUnavailable`` where the server does not answer in time; nothing is
    tried a second time by itself, for then nobody would know whether it was done twice.
    Nothing here is authoritative: what the relay has on disk and the journal rebuild all of it.
    """

    @property
    def losses(self) -> int:
        """How often the server was found to have lost what it held: emptied, or another one.

        Whoever writes compares it after each call, and writes again what is still needed; whoever
        reads begins again from ``START``.
        """
        ...

    async def append(self, stream: str, at: At, data: bytes) -> bool:
        """Add an entry; False where the stream has one at or behind ``at``, and nothing was done.

        A stream has one writer, so what is sent again after an answer got lost is not added twice.
        Where ``losses`` has grown since the call began, nothing is added and ``StreamsUnavailable``
        is raised: what is still needed from before comes first.
        """
        ...

    async def read(self, after: Mapping[str, At], wait_secs: float) -> list[Entry]:
        """Return entries behind a position in each stream, in order within a stream.

        Waits at most ``wait_secs`` for the first; empty where none came, or ``losses`` grew. There
        may be more behind them.
        """
        ...

    async def put(self, name: str, value: bytes, secs: float | None = None) -> None:
        """Set a value for some seconds; without any for a day and a half at least."""
        ...

    async def get(self, name: str) -> bytes | None:
        """Return a value, None where there is none (any more)."""
        ...

    async def found(self, beginning: str) -> dict[str, bytes]:
        """Return the values whose names begin so, by name."""
        ...

    async def forget(self, name: str) -> None:
        """Remove a value or stream, if it is there."""
        ...

    async def close(self) -> None:
        """End the connections."""
        ...
