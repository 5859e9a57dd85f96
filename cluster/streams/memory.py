"""Streams and values in one process: hub and shards side by side, and tests."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Mapping
from operator import attrgetter

from cluster.streams.port import START, At, Entry


class MemoryStreams:
    """The port within one event loop; several readers may wait. What is here stays until the end.

    Attributes
    ----------
    losses : int
        Always 0: what is held is lost with the process alone.
    """

    losses = 0

    def __init__(self) -> None:
        self._entries: dict[str, list[Entry]] = {}
        self._values: dict[str, tuple[bytes, float | None]] = {}
        self._arrived = asyncio.Event()

    async def append(self, stream: str, at: At, data: bytes) -> bool:
        """Add an entry unless the stream has one at or behind it."""
        if at <= START:
            raise ValueError(f"entry of {stream} at {at}, expected one behind {START}")
        entries = self._entries.setdefault(stream, [])
        if entries and entries[-1].at >= at:
            return False
        entries.append(Entry(stream, at, data))
        arrived, self._arrived = self._arrived, asyncio.Event()
        arrived.set()
        return True

    async def read(self, after: Mapping[str, At], wait_secs: float) -> list[Entry]:
        """Return all entries behind the positions, having waited for the first."""
        await asyncio.sleep(0)  # a reader that never waits lets others on
        try:
            async with asyncio.timeout(max(0.0, wait_secs)):
                while not (found := self._behind(after)):
                    await self._arrived.wait()
        except TimeoutError:
            return []
        return found

    async def put(self, name: str, value: bytes, secs: float | None = None) -> None:
        """Set a value."""
        until = None if secs is None else asyncio.get_running_loop().time() + secs
        self._values[name] = value, until

    async def get(self, name: str) -> bytes | None:
        """Return a value that has not expired."""
        value, until = self._values.get(name, (None, None))
        if until is not None and asyncio.get_running_loop().time() >= until:
            del self._values[name]
            return None
        return value

    async def found(self, beginning: str) -> dict[str, bytes]:
        """Return the values whose names begin so."""
        names = [name for name in self._values if name.startswith(beginning)]
        values = {name: await self.get(name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    async def forget(self, name: str) -> None:
        """Remove a value or stream."""
        self._entries.pop(name, None)
        self._values.pop(name, None)

    async def close(self) -> None:
        """Do nothing: others in the process may go on."""

    def _behind(self, after: Mapping[str, At]) -> list[Entry]:
        found: list[Entry] = []
        for stream, at in after.items():
            entries = self._entries.get(stream, [])
            found += entries[bisect_right(entries, at, key=attrgetter("at")) :]
        return found
