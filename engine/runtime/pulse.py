"""Every hop inside nautilus: whose clock the components of a run go by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from nautilus_trader.common import Clock, TimeEvent

type Wake = Callable[[int], None]
"""Called with the instant that was due, UTC ns."""

type Rest = Callable[[int], bool]
"""Says of an instant to come, UTC ns, that waking at it would change nothing."""


class Pulse(Protocol):
    """Time as components see it; they ask nobody else."""

    def now(self) -> int:
        """Return the present instant, UTC ns."""
        ...

    def every(
        self,
        name: str,
        width_ns: int,
        start_ns: int,
        stop_ns: int | None,
        wake: Wake,
        rests: Rest | None = None,
    ) -> None:
        """Wake somebody at ``start_ns``, and each ``width_ns`` after it up to ``stop_ns``.

        At one instant everything that arrived by then comes first. A host may leave out instants
        that ``rests`` says can be.
        """
        ...


class EnginePulse:
    """The clock that a nautilus engine has given to a component: a backtest's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> int:
        """Return the instant of the datum or timer that is being handled."""
        return self._clock.timestamp_ns()

    def every(
        self,
        name: str,
        width_ns: int,
        start_ns: int,
        stop_ns: int | None,
        wake: Wake,
        rests: Rest | None = None,
    ) -> None:
        """Set a timer of the engine; instants that are past fire at once, none is left out."""
        del rests

        def on_timer(event: TimeEvent) -> None:
            wake(event.ts_event)

        self._clock.set_timer_ns(name, width_ns, start_ns, stop_ns, on_timer, True)


class HostPulse:
    """The clock of a host outside: a wall clock, a scaled one, or one that is granted step by step.

    Parameters
    ----------
    source : callable
        Returns the present instant; never goes back.
    hurries : bool
        Leave out every instant that can be: each costs a rehearsal a question to the simulator.
    """

    def __init__(self, source: Callable[[], int], *, hurries: bool = False) -> None:
        self._source = source
        self._hurries = hurries
        self._timers: list[_Timer] = []

    def now(self) -> int:
        """Return the host's present instant."""
        return self._source()

    def every(
        self,
        name: str,
        width_ns: int,
        start_ns: int,
        stop_ns: int | None,
        wake: Wake,
        rests: Rest | None = None,
    ) -> None:
        """Add a timer that ``beat`` serves; timers of one instant are served in order of name."""
        kept = rests if self._hurries else None
        self._timers.append(_Timer(name, width_ns, start_ns, stop_ns, wake, kept))
        self._timers.sort(key=lambda timer: timer.name)

    def next_after(self, ts: int) -> int | None:
        """Return the first instant after ``ts`` at which somebody is to be woken."""
        coming = (timer.next_after(ts) for timer in self._timers)
        return min((instant for instant in coming if instant is not None), default=None)

    def beat(self, ts: int) -> None:
        """Wake everybody who is due by ``ts``, each for the last of its instants that is past.

        A host that was held up skips what it missed: a guardian has to look once, now.
        """
        for timer in self._timers:
            timer.serve(ts)


class _Timer:
    """One schedule."""

    def __init__(
        self,
        name: str,
        width_ns: int,
        start_ns: int,
        stop_ns: int | None,
        wake: Wake,
        rests: Rest | None,
    ) -> None:
        self.name = name
        self._width_ns = width_ns
        self._start_ns = start_ns
        self._stop_ns = stop_ns
        self._wake = wake
        self._rests = rests
        self._served = start_ns - width_ns

    def next_after(self, ts: int) -> int | None:
        """Return the first instant after ``ts``, None when it is over."""
        steps = max(-1, (ts - self._start_ns) // self._width_ns) + 1
        instant = self._start_ns + steps * self._width_ns
        while self._rests is not None and self._rests(instant):
            instant += self._width_ns
        return None if self._stop_ns is not None and instant > self._stop_ns else instant

    def serve(self, ts: int) -> None:
        """Wake for the last instant by ``ts`` that was not served yet."""
        by = ts if self._stop_ns is None else min(ts, self._stop_ns)
        due = self._start_ns + (by - self._start_ns) // self._width_ns * self._width_ns
        if due > self._served:
            self._served = due
            self._wake(due)
