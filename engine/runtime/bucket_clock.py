"""The seam: an actor that hands out one report when each bucket closes, whoever makes it."""

from __future__ import annotations

from typing import Self

from nautilus_trader.common import DataActor, DataActorConfig, TimeEvent
from nautilus_trader.model import ActorId

from engine.domain.candidate import BucketReport
from engine.domain.parameter_versions import ParameterHistory
from engine.domain.session import Session
from engine.runtime.guard import Failures, guarded
from engine.runtime.messages import REPORTS, report_message

_TIMER = "bucket"


class BucketClock(DataActor):
    """Publishes the reports of a session from its own timer.

    The timer fires at the end of each bucket plus the grace, after all data of that instant, and
    under the same name in every host, so what a strategy sees at that instant is the same too.

    Attributes
    ----------
    stretches : tuple of Stretch
        The parameters of the day, in order.
    failures : Failures
        Where failed handlers are kept.
    """

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Keep our arguments from nautilus, which takes a config alone."""
        return super().__new__(cls)

    def __init__(self, history: ParameterHistory, session: Session, failures: Failures) -> None:
        super().__init__(DataActorConfig(actor_id=ActorId("SCANNER-001")))
        self.session = session
        self.stretches = history.over(session.pre_market_ns, session.close_ns)
        self.failures = failures

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
                grace_ns = each.params.grace_ns
                self.clock.set_timer_ns(
                    f"{_TIMER}-{each.version}",
                    width,
                    start + grace_ns,
                    end + grace_ns,
                    self._on_bucket,
                    True,
                )
                start = end

    @guarded
    def _on_bucket(self, event: TimeEvent) -> None:
        for report in self.reports(event.ts_event):
            self.publish_data(REPORTS, report_message(report))
