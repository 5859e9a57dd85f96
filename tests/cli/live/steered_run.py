"""Beside the scenes of live runs: one that goes on when a scene wants it to."""

from __future__ import annotations

from collections.abc import Callable

from engine.domain.facts import AlarmRaised, ExitRequested, TradeClosed, TradeOpened
from tests.cli.live.live_facts import LiveFacts
from tests.cli.live.live_place import Place, Process

HOLD = (
    "--set=take_profit_percent=9",
    "--set=stop_loss_percent=8",
    "--set=max_hold_seconds=180",
    "--set=flatten_verify_seconds=30",
    "--set=min_ac_z=0.7",
    "--set=ao_accel_rate=0.02",
    "--set=min_cumulative_ao_volume=100",
    "--set=vol_floor=10",
    "--set=bucket_seconds=15",
    "--set=bucket_ttl=3600",
)
"""Many positions, which last three minutes."""


class Run(LiveFacts):
    """A live run that a scene goes through."""

    def __init__(self, place: Place, process: Process) -> None:
        super().__init__(place)
        self.place = place
        self.process = process

    def until(self, is_so: Callable[[], object]) -> None:
        """Let the run go on until something is so."""
        self.place.wait(self.process, is_so)

    def with_a_position(self) -> str:
        """Go on until something is held, and stop time before it is to end; return the symbol."""
        while True:
            self.place.turn("resume")
            self.until(self._open)
            self.place.turn("pause")
            leaving = {fact.correlation_id for fact in self.of(ExitRequested)}
            if self._open() and len(leaving) == len(self.of(TradeClosed)):
                return self.of(TradeOpened)[-1].payload.symbol

    def flat(self) -> None:
        """Go on until nothing is held and nothing works, and stop time."""
        while True:
            self.place.turn("resume")
            self.until(lambda: not self._open())
            self.place.turn("pause")
            if not self.place.asked("/v2/positions") and not self.place.asked("/v2/orders"):
                return

    def steer(self, what: str, /, **said: object) -> None:
        """Let something happen by hand, and time run."""
        self.place.steer(what, **said)
        self.place.turn("resume")

    def rang(self, count: int) -> str:
        """Go on until so many alarms rang; return what the last one says."""
        self.until(lambda: len(self.of(AlarmRaised)) == count)
        detail = self.of(AlarmRaised)[-1].payload.detail
        self.until(lambda: self.place.logged(f"alarm exit_held_up: {detail[:20]}"))
        return detail

    def on_until(self, is_so: Callable[[], object]) -> None:
        """Let time run until something is so, and stop it."""
        self.place.turn("resume")
        self.until(is_so)
        self.place.turn("pause")

    def _open(self) -> int:
        return len(self.of(TradeOpened)) - len(self.of(TradeClosed))
