"""Whose clock the components of a run go by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from nautilus_trader.common import Clock, TimeEvent

type Wake = Callable[[int], None]
"""Called with the instant that was due, UTC ns."""

type Rest = Callable[[int], bool]
"""Says of an instant to come, UTC ns, that waking at it would change nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Timer:
    """Who is to be woken when: at ``start_ns``, and each ``width_ns`` after it up to ``stop_ns``.

    Attributes
    ----------
    name : str
        Timers of one instant are served in order of name.
    rests : callable, optional
        A host may leave out instants that it says can be.
    needs_past : bool
        Waking is of no use while data of the past is still to come.
    """

    name: str
    width_ns: int
    start_ns: int
    stop_ns: int | None
    wake: Wake
    rests: Rest | None = None
    needs_past: bool = False

    def last_by(self, ts: int) -> int:
        """Return the last instant by ``ts``; one before the start when there is none yet."""
        by = ts if self.stop_ns is None else min(ts, self.stop_ns)
        return self.start_ns + max(-1, (by - self.start_ns) // self.width_ns) * self.width_ns

    def may_rest(self) -> bool:
        """Say whether instants can be left out."""
        return self.rests is not None

    def next_after(self, ts: int, by: int, *, hurries: bool) -> int:
        """Return the first instant after ``ts``, ``by`` if there is none before."""
        steps = max(-1, (ts - self.start_ns) // self.width_ns) + 1
        instant = self.start_ns + steps * self.width_ns
        end = by if self.stop_ns is None else min(by, self.stop_ns + 1)
        while hurries and self.rests is not None and instant < end and self.rests(instant):
            instant += self.width_ns
        return instant if instant < end else by


class Pulse(Protocol):
    """Time as components see it; they ask nobody else."""

    def now(self) -> int:
        """Return the present instant, UTC ns."""
        ...

    def every(self, timer: Timer) -> None:
        """Wake somebody as a timer says; at one instant what arrived by then comes first."""
        ...


class EnginePulse:
    """The clock that a nautilus engine has given to a component: a backtest's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> int:
        """Return the instant of the datum or timer that is being handled."""
        return self._clock.timestamp_ns()

    def every(self, timer: Timer) -> None:
        """Set a timer of the engine; instants that are past fire at once, none is left out."""

        def on_timer(event: TimeEvent) -> None:
            timer.wake(event.ts_event)

        self._clock.set_timer_ns(
            timer.name, timer.width_ns, timer.start_ns, timer.stop_ns, on_timer, True
        )


class HostPulse:
    """The clock of a host outside: a wall clock, a scaled one, or one that is granted step by step.

    Parameters
    ----------
    source : callable
        Returns the present instant; never goes back.
    hurries : bool
        Leave out every instant that can be: each costs a rehearsal a question to the simulator.
        Right only where no instant that was asked for is ever missed.

    Attributes
    ----------
    lacks_past : bool
        Data of the past is still to come: who needs it is woken by the first beat after that.
    stands : bool
        Time stands still: who needs no data is woken again and again at the same instant.
    """

    def __init__(self, source: Callable[[], int], *, hurries: bool = False) -> None:
        self._source = source
        self._hurries = hurries
        self.lacks_past = self.stands = False
        self._served: dict[Timer, int] = {}

    def now(self) -> int:
        """Return the host's present instant."""
        return self._source()

    def every(self, timer: Timer) -> None:
        """Add a timer that ``beat`` serves."""
        timers = {**self._served, timer: timer.start_ns - timer.width_ns}
        self._served = dict(sorted(timers.items(), key=lambda each: each[0].name))

    def next_after(self, ts: int, by: int) -> int:
        """Return the first instant after ``ts`` at which somebody is due, ``by`` if none before."""
        for timer in sorted(self._served, key=Timer.may_rest):
            by = min(by, timer.next_after(ts, by, hurries=self._hurries))
        return by

    def beat(self, ts: int) -> None:
        """Wake everybody who is due by ``ts``, each for the last of its instants that is past.

        A host that was held up skips what it missed: a guardian has to look once, now.
        """
        for timer, served in self._served.items():
            if self.lacks_past and timer.needs_past:
                continue
            due = timer.last_by(ts)
            if due > served or (self.stands and not timer.needs_past and due >= timer.start_ns):
                self._served[timer] = due
                was_left_out = self._hurries and timer.may_rest() and due < ts
                if not was_left_out:
                    timer.wake(due)
