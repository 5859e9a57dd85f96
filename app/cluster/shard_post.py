"""What a shard says to others: reports over the streams, how it is, and buckets for charts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from app.cluster.node_voice import NodeVoice
from cluster import names
from cluster.coding import packed
from cluster.node_state import BEAT_SECS, SlotState
from cluster.orders import ExitAlert
from cluster.outbox import Outbox
from cluster.reports import SlotReport, SlotRest
from cluster.shard import BucketRows, Told
from cluster.streams.port import At, Streams
from engine.domain.errors import StreamsUnavailable

_NANOS_PER_MILLI = 1_000_000
_MOST_CHARTS = 4096
"""Buckets that wait while the server is away; older ones are of no use to a chart."""


class ShardPost:
    """Sends what is told, and says how the shard is, some times a second.

    Parameters
    ----------
    streams : Streams
    outbox : Outbox
        Over the same streams.
    name, letters : str
        Of the shard, as typed.
    slots : callable
        Returns how its slots are.

    Attributes
    ----------
    run_id, epoch
        What it works on.
    is_draining : bool
    lag_ns : int
        From the last bucket's closing instant to its report; -1 unknown.
    """

    def __init__(
        self,
        streams: Streams,
        outbox: Outbox,
        name: str,
        letters: str,
        slots: Callable[[], tuple[SlotState, ...]],
    ) -> None:
        self.run_id, self.epoch = "", 0
        self.is_draining = False
        self.lag_ns = -1
        self.bucket_ttl = 0
        self._streams = streams
        self._outbox = outbox
        self._letters, self._slots = letters, slots
        self._voice = NodeVoice(streams, name, "shard", self._more)
        self._marked = 0, 0
        self._alert: At | None = None
        self._charts: dict[str, bytes] = {}

    def marked(self, ts: int) -> None:
        """Note that a mark of the relay (UTC ns) is worked now: it is what lags are counted by."""
        self._marked = ts, time.monotonic_ns()

    def tell(self, told: Told) -> None:
        """Send what a slot has to say."""
        run = self.run_id
        match told:
            case SlotReport():
                at = At(told.report.ts_event // _NANOS_PER_MILLI)
                self._outbox.put(names.reports(run, told.slot, told.owner), at, packed(told))
                if told.measure is not None:
                    marked, since = self._marked
                    late = time.monotonic_ns() - since
                    self.lag_ns = marked - told.report.ts_init + late
            case SlotRest():
                at = At(told.ts_event // _NANOS_PER_MILLI)
                self._outbox.put(names.rests(run, told.slot, told.owner), at, packed(told))
            case ExitAlert():
                at = self._next_alert(told.ts_init // _NANOS_PER_MILLI)
                self._outbox.put(names.exits(run, told.slot, told.owner), at, packed(told))
            case BucketRows():
                ends = told.ts_event // _NANOS_PER_MILLI
                self._charts[f"{names.buckets(run, told.slot)}:{ends}"] = told.packed
                while len(self._charts) > _MOST_CHARTS:
                    del self._charts[next(iter(self._charts))]

    @property
    def issues(self) -> dict[str, str]:
        """What is wrong, by name; whoever knows adds to it."""
        return self._voice.issues

    async def keep_telling(self) -> None:
        """Say how the shard is, and show charts, until it is cancelled."""
        await asyncio.gather(self._voice.keep_saying(), self._keep_charts())

    async def say(self) -> None:
        """Say once how the shard is; raises ``StreamsUnavailable``."""
        await self._voice.say()

    async def _keep_charts(self) -> None:
        """Put the newest buckets where charts find them."""
        while True:
            with suppress(StreamsUnavailable):
                while self._charts:
                    name = next(iter(self._charts))
                    await self._streams.put(name, self._charts[name], self.bucket_ttl)
                    self._charts.pop(name, None)
            await asyncio.sleep(BEAT_SECS)

    def _more(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "epoch": self.epoch,
            "letters": self._letters,
            "is_draining": self.is_draining,
            "slots": self._slots(),
            "lag_ns": self.lag_ns,
        }

    def _next_alert(self, millis: int) -> At:
        """Return where an alert stands: behind the one before."""
        before = self._alert
        at = At(millis)
        if before is not None and at <= before:
            at = At(before.major, before.minor + 1)
        self._alert = at
        return at
