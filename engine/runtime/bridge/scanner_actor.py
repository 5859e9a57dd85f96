"""The scanner inside a nautilus engine or node, fed by every print and quote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from nautilus_trader.model import CustomData

from engine.domain.candidate import BucketReport
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import Session
from engine.live_scanner import ClosesWatch, LiveScanner
from engine.runtime.bridge.bucket_clock import BucketClock
from engine.runtime.bridge.guard import Failures, guarded
from engine.runtime.bridge.messages import PRINTS, QUOTES
from engine.runtime.bridge.pulse import Pulse
from engine.signals.scanner import Scanner
from engine.signals.whole_tape.signal_runner import SignalSource
from engine.signals.whole_tape.signal_tables import OnSignals


class ScannerActor(BucketClock):
    """Collects what arrives and lets the scanner close a bucket at each tick of the clock.

    Parameters
    ----------
    history : callable
        Returns the parameters as they are known by now; asked whenever a bucket is to close.
    watch : ClosesWatch, optional
        Sees what has arrived before anybody is told of the bucket.
    source : SignalSource, optional
        What other strategies than the compiled one say.
    on_signals : callable, optional
        Takes it before anybody decides on it.
    """

    def __init__(
        self,
        history: Callable[[], ParameterHistory],
        session: Session,
        tapes: Mapping[str, str],
        failures: Failures,
        pulse: Pulse | None = None,
        watch: ClosesWatch | None = None,
        source: SignalSource | None = None,
        on_signals: OnSignals | None = None,
    ) -> None:
        super().__init__(history(), session, failures, pulse)
        self._live = LiveScanner(
            history, session, tapes, watch=watch, source=source, on_signals=on_signals
        )

    @property
    def scanner(self) -> Scanner:
        """The scanner itself, to be read."""
        return self._live.scanner

    @property
    def raised(self) -> int:
        """Candidates raised so far."""
        return self._live.raised

    @guarded
    def on_start(self) -> None:
        """Subscribe to prints and quotes and start the clock."""
        self.subscribe_data(PRINTS)
        self.subscribe_data(QUOTES)
        super().on_start()

    @guarded
    def on_data(self, data: CustomData) -> None:
        """Keep prints and quotes until the bucket closes; what comes late is late."""
        self._live.take(data.data.batch)

    def digest(self) -> str:
        """Return the digest of all that was said of the day so far."""
        return self.scanner.digest()

    def warm(self, quotes: Iterable[QuoteBatch], prints: Iterable[TradeBatch]) -> None:
        """Take what arrived before a start in mid-day; nobody acts on what it led to.

        Raises
        ------
        DataError
            ``ts_init`` went back.
        """
        for report in self._live.warm(quotes, prints, self.pulse.now()):
            self.latest = report

    def reports(self, now: int) -> list[BucketReport]:
        """Feed the scanner what arrived before ``now`` and return the buckets that close."""
        return self._live.close(now)
