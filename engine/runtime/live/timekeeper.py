"""Beats as time goes by, or as it is granted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from engine.domain.errors import RunError
from engine.domain.first_cause import FirstCause
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.messages import beat
from engine.runtime.bridge.pulse import HostPulse
from engine.runtime.live.heartbeat import HeartbeatActor
from engine.runtime.live.host_time import GrantedTime, RunningTime
from engine.runtime.live.venue import Grant, LiveVenue

_PATIENCE_SECS = 10.0
"""How long an order may be on its way before a rehearsal is given up as stuck."""
_NAP_SECS = 0.05
_STANDING_SECS = 1.0
"""Between two beats at one instant."""
_LOOK_SECS = 0.0005
"""Between two looks at orders that are on their way; a busy loop would only slow them down."""


class Timekeeper:
    """Wakes the components of a running node when they are due.

    Parameters
    ----------
    running : Future
        The node; when it is done, so is everything.
    stop : Event
        Somebody wants the day to end early.
    finds_out : callable
        Says whether the venue is away, or is being asked what became of an order.
    """

    def __init__(
        self,
        venue: LiveVenue,
        heart: HeartbeatActor,
        pulse: HostPulse,
        failures: Failures,
        running: asyncio.Future[None],
        stop: asyncio.Event,
        finds_out: Callable[[], bool],
    ) -> None:
        self._venue = venue
        self._heartbeat = heart
        self._pulse = pulse
        self._failures = failures
        self._running = running
        self._stop = stop
        self._finds_out = finds_out

    async def guard(
        self,
        host_time: RunningTime,
        ends_ns: int,
        on_beat: Callable[[int], None],
        catching_up: Coroutine[Any, Any, None],
    ) -> None:
        """Beat for those who need no data of the past until it has been caught up with."""
        task = asyncio.ensure_future(catching_up)
        self._pulse.lacks_past = True
        cause = FirstCause()
        with cause.kept("the first beats"):
            await asyncio.sleep(0)  # what is known by now is handed over before the first beat
            await self._beat_until(task.done, host_time, ends_ns, on_beat)
        self._pulse.lacks_past = False
        task.cancel()
        with cause.kept("catching up"), suppress(asyncio.CancelledError):
            await task
        cause.raise_it()

    async def go_along(
        self, host_time: RunningTime, ends_ns: int, on_beat: Callable[[int], None]
    ) -> None:
        """Beat as time goes by; a beat that is late stands for those that it missed."""
        await self._beat_until(lambda: False, host_time, ends_ns, on_beat)

    async def _beat_until(
        self,
        reached: Callable[[], bool],
        host_time: RunningTime,
        ends_ns: int,
        on_beat: Callable[[int], None],
    ) -> None:
        """Beat until something happens, the day ends or somebody wants it to end."""

        def is_over() -> bool:
            return self._stop.is_set() or reached()

        now = host_time()
        while now < ends_ns and not is_over():
            due = self._due(now, ends_ns)
            while host_time() < due and not is_over():
                self._check()
                await asyncio.sleep(min(host_time.secs_until(due), _NAP_SECS))
                if host_time.stands:
                    await self._beat_standing(host_time, is_over, on_beat)
            if is_over():
                return
            now = max(due, host_time())
            await self._beat(now)
            on_beat(now)

    async def _beat_standing(
        self, host_time: RunningTime, is_over: Callable[[], bool], on_beat: Callable[[int], None]
    ) -> None:
        """Let exits and commands go on while the venue's time catches up with ours."""
        self._pulse.stands = True
        try:
            while host_time.stands and not is_over():
                self._check()
                now = host_time()
                await self._beat(now)
                on_beat(now)
                await asyncio.sleep(min(host_time.secs_until(now), _STANDING_SECS))
        finally:
            self._pulse.stands = False

    async def step(
        self,
        host_time: GrantedTime,
        ends_ns: int,
        on_beat: Callable[[int], None],
        waiting: Callable[[], Sequence[str]],
        at_rest: Callable[[], Awaitable[None]],
        has_reports: Callable[[int], bool],
    ) -> None:
        """Ask for time up to the next beat, and use each grant up before asking for more.

        What a simulated venue does at an instant is learned after all data of that instant and
        before anybody is woken at it, as in a backtest. A venue whose time went back is given time
        until it has caught up; nobody is woken in the past.

        Parameters
        ----------
        waiting : callable
            Returns the orders that have not arrived at the venue.
        at_rest : callable
            Does what needs answers of the venue, while nothing is on its way.
        has_reports : callable
            Says whether all that is to be reported by an instant is there: nobody is woken before.
        """
        delivered = 0
        while host_time() < ends_ns and not self._stop.is_set():
            grant = await self._granted(self._due(host_time(), ends_ns))
            if grant is None:
                return
            now = max(grant.ts, host_time())
            if grant.updates != delivered:  # fewer: a simulator that began anew
                await self._beat(now - 1)
                host_time.reach(now)
                await self._venue.deliver(grant.updates)
                delivered = grant.updates
                await self._settle(waiting)
            host_time.reach(now)
            await self.until(lambda: has_reports(host_time()))
            await self._beat(now)
            await self._settle(waiting)
            on_beat(now)
            await at_rest()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for something to happen inside the node, or to be told to stop.

        Raises
        ------
        RunError
            A handler failed, or the node ended by itself.
        """
        while not reached() and not self._stop.is_set():
            self._check()
            await asyncio.sleep(_LOOK_SECS)

    async def _granted(self, until: int) -> Grant | None:
        """Ask for time; None if somebody wants to end while it is not granted."""
        asking = asyncio.ensure_future(self._venue.advance(until))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else None
        finally:
            for each in (asking, stopping):
                each.cancel()

    def _due(self, now: int, ends_ns: int) -> int:
        return self._pulse.next_after(now, ends_ns)

    def _check(self) -> None:
        self._failures.raise_first()
        if self._running.done():
            self._running.result()
            raise RunError("the node ended by itself")

    async def _beat(self, ts: int) -> None:
        on_beat = self._heartbeat.on_beat
        on_beat.clear()
        self._venue.publish(beat(ts))
        while not on_beat.is_set():
            self._check()
            with suppress(TimeoutError):
                await asyncio.wait_for(on_beat.wait(), _NAP_SECS)

    async def _settle(self, waiting: Callable[[], Sequence[str]]) -> None:
        """Wait until nothing is on its way; a venue that is away is waited for without end."""
        deadline = time.monotonic() + _PATIENCE_SECS

        def at_rest() -> bool:
            nonlocal deadline
            if self._finds_out():
                deadline = time.monotonic() + _PATIENCE_SECS
            if time.monotonic() > deadline:
                late = ", ".join(waiting()) or "a change or cancel"
                raise RunError(f"{late} still on its way to the venue after {_PATIENCE_SECS} s")
            return self._venue.idle and not waiting()

        await self.until(at_rest)
