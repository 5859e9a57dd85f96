"""What a process of a cluster says of itself some times a second, so that others know it lives."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import psutil

from cluster import names
from cluster.coding import packed
from cluster.node_state import BEAT_SECS, FORGOTTEN_SECS, NodeState
from cluster.streams.port import Streams
from engine.domain.errors import StreamsUnavailable

_STREAMS = "streams"


class NodeVoice:
    """Says how this process is.

    Parameters
    ----------
    streams : Streams
    name, role : str
    more : callable
        Returns what else there is to say, by the fields of ``NodeState``.

    Attributes
    ----------
    issues : dict of str to str
        What is wrong, by name.
    """

    def __init__(
        self, streams: Streams, name: str, role: str, more: Callable[[], dict[str, Any]]
    ) -> None:
        self.issues: dict[str, str] = {}
        self._streams = streams
        self._name, self._role, self._more = name, role, more
        self._life = secrets.token_hex(8)
        self._beat = 0
        self._process = psutil.Process()

    async def keep_saying(self) -> None:
        """Say it until it is cancelled."""
        while True:
            try:
                await self.say()
            except StreamsUnavailable as error:
                self.issues[_STREAMS] = str(error)
            else:
                self.issues.pop(_STREAMS, None)
            await asyncio.sleep(BEAT_SECS)

    async def say(self) -> None:
        """Say it once.

        Raises
        ------
        StreamsUnavailable
            The server does not answer.
        """
        await self._streams.put(names.node(self._name), packed(self._state()), FORGOTTEN_SECS)

    def _state(self) -> NodeState:
        self._beat += 1
        used = self._process.cpu_times()
        return NodeState(
            name=self._name,
            life=self._life,
            role=self._role,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=version("tradectl"),
            beat=self._beat,
            ts=time.time_ns(),
            memory_bytes=self._process.memory_info().rss,
            cpu_secs=used.user + used.system,
            issues=dict(self.issues),
            **self._more(),
        )
