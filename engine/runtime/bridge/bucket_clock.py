"""An actor that hands out one report when each bucket closes, whoever makes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from nautilus_trader.common import DataActor, DataActorConfig
from nautilus_trader.model import ActorId

from engine.domain.candidate import BucketReport
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import Session
from engine.runtime.bridge.guard import Failures, guarded
from engine.runtime.bridge.messages import REPORTS, report_message
from engine.runtime.bridge.pulse import EnginePulse, Pulse, Timer

_TIMER = "bucket"


class BucketClock(DataActor):
    """Publishes the reports of a session, woken by the pulse of its host.

    It is woken at the end of each bucket plus the grace, after all data of that instant, and
    under the same name in every host, so what a strategy sees at that instant is the same too.

    Attributes
    ----------
    stretches : tuple of Stretch
        The parameters of the day, in order.
    failures : Failures
        Where failed handlers are kept.
    latest : BucketReport or None
        The report that was handed out last.
    """

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Keep our arguments from nautilus, which takes a config alone."""
        return super().__new__(cls)

    def __init__(
        self,
        history: ParameterHistory,
        session: Session,
        failures: Failures,
        pulse: Pulse | None = None,
    ) -> None:
        super().__init__(DataActorConfig(actor_id=ActorId("SCANNER-001")))
        self.session = session
        self.stretches = history.over(session.pre_market_ns, session.close_ns)
        self.failures = failures
        self.latest: BucketReport | None = None
        self._pulse = pulse

    @property
    def pulse(self) -> Pulse:
        """Whose clock this component goes by."""
        return self._pulse or EnginePulse(self.clock)

    def reports(self, now: int) -> list[BucketReport]:
        """Return the reports that are due at a closing instant (UTC ns), oldest first."""
        raise NotImplementedError

    @guarded
    def on_start(self) -> None:
        """Set timers for the whole session, one for each stretch with its own grace."""
        session, params = self.session, self.stretches[0].params
        width = params.bucket_ns
        start = session.pre_market_ns if params.warm_premarket else session.open_ns
        ends = [each.start_ns - width for each in self.stretches[1:]] + [session.close_ns]
        for each, end in zip(self.stretches, ends, strict=True):
            if start < end:
                name, grace_ns = f"{_TIMER}-{each.version}", each.params.grace_ns
                first, last = start + grace_ns, end + grace_ns
                self.pulse.every(Timer(name, width, first, last, self._on_bucket, needs_past=True))
                start = end

    def hand_out(self, reports: Iterable[BucketReport]) -> None:
        """Publish reports, oldest first."""
        for report in reports:
            self.latest = report
            self.publish_data(REPORTS, report_message(report))

    @guarded
    def _on_bucket(self, now: int) -> None:
        self.hand_out(self.reports(now))
