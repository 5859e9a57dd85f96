"""The actor through which a host wakes scanner and strategy."""

from __future__ import annotations

import asyncio
from typing import Self

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId, CustomData

from engine.runtime.bridge.guard import Failures, guarded
from engine.runtime.bridge.messages import BEATS
from engine.runtime.bridge.pulse import HostPulse


class HeartbeatActor(DataActor):
    """Hands beats to the pulse, behind whatever data the venue handed over before them.

    Attributes
    ----------
    beaten : asyncio.Event
        Set when everybody who was due at a beat has been woken.
    """

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Keep our arguments from nautilus, which takes a config alone."""
        return super().__new__(cls)

    def __init__(self, pulse: HostPulse, failures: Failures) -> None:
        super().__init__(DataActorConfig(actor_id=ActorId("HEART-001")))
        self.failures = failures
        self.on_beat = asyncio.Event()
        self._pulse = pulse

    @guarded
    def on_start(self) -> None:
        """Subscribe to beats."""
        self.subscribe_data(BEATS)

    @guarded
    def on_data(self, data: CustomData) -> None:
        """Wake whoever is due."""
        self._pulse.beat(data.data.ts_init)
        self.on_beat.set()
