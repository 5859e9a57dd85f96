"""The feed from its socket to whole frames in order; it knows no nautilus."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from time import time_ns
from typing import TYPE_CHECKING

from adapters.alpaca.config import AlpacaConfig
from adapters.alpaca.credentials import Credentials
from adapters.alpaca.data.backfill import Backfill, Lost
from adapters.alpaca.data.flawed_rows import tell_flaws
from adapters.alpaca.data.gap_recovery import GapRecovery, Held, Passage
from adapters.alpaca.data.gap_rows import (
    as_if_heard,
    between,
    first_events,
    not_before,
    not_quoted_since,
)
from adapters.alpaca.data.last_ticks import LastTicks
from adapters.alpaca.data.mute_symbols import MuteSymbols
from adapters.alpaca.data.recalled import Recalled
from adapters.alpaca.endpoints import Endpoints, Venue
from adapters.alpaca.streams.market_stream import Heard, MarketStream
from adapters.alpaca.streams.messages import Gap
from adapters.alpaca.wire.market import Frame, FrameDecoder
from adapters.alpaca.wire.market_messages import Clock
from adapters.transport.kept_socket import Patience, Phase, StreamState
from adapters.transport.silence import Silence, in_regular_hours
from engine.domain.errors import DataError, VenueError
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import NANOS_PER_SECOND
from engine.signals.arrivals import InOrder
from engine.tape import VENUE_CLOCK, behind

if TYPE_CHECKING:
    from engine.runtime.live.venue import VenueWatch
    from engine.runtime.live.venue_account import OnBatch

_LOOK_SECS = 0.1
"""Between two looks at the host's time, which may run faster than the wall's."""

_LOSS_SEEN_SECS = 0.02
"""What a connection takes to notice that it was cut."""

_MOST_ROWS = 1 << 16
"""Rows that are handed over at the latest, so that nobody waits long for the first of them."""

_FEED, _BACKFILL = "feed", "backfill"

type Spawn = Callable[[Coroutine[object, object, object], str], asyncio.Task[object]]

_log = logging.getLogger(__name__)


class MarketFeed:
    """Hears the market and hands it over in order, a gap before what came after it.

    Parameters
    ----------
    ticks : LastTicks
        What was heard last, and what is halted.
    watch : VenueWatch
        Hears of every issue.
    now : callable
        Returns the host's time, UTC ns; never goes back.
    deliver : callable
        Takes each frame.
    spawn : callable
        Starts a task under a name.
    recalled : Recalled, optional
        What an earlier process of the run had heard.
    on_batch : callable, optional
        Called with whatever is delivered, just before.

    Attributes
    ----------
    stream : MarketStream
    mute : MuteSymbols
    recovery : GapRecovery
    frames, trades, quotes : int
        Decoded so far.
    """

    def __init__(
        self,
        *,
        settings: AlpacaConfig,
        endpoints: Endpoints,
        credentials: Credentials,
        backfill: Backfill,
        ticks: LastTicks,
        watch: VenueWatch,
        now: Callable[[], int],
        deliver: Callable[[Frame], None],
        spawn: Spawn,
        patience: Patience | None = None,
        recalled: Recalled | None = None,
        on_batch: OnBatch | None = None,
    ) -> None:
        self._settings = settings
        self._backfill = backfill
        self._ticks = ticks
        self._watch = watch
        self._now = now
        self._deliver = deliver
        self._spawn = spawn
        self._recalled = recalled
        self._on_batch = on_batch
        expected = ticks.listed if "*" in settings.subscribed else settings.subscribed
        self._decoder = FrameDecoder(received_at=settings.stepped, symbols=expected)
        self.recovery = GapRecovery()
        self.frames = self.trades = self.quotes = 0
        self._quotes_in_order, self._trades_in_order = InOrder(), InOrder()
        self._caught_up = asyncio.Event()
        self._caught_up.set()
        self._forgetting: asyncio.Task[object] | None = None
        self._heard_before: tuple[dict[str, int], int] | None = None
        stale = settings.stale_feed_seconds
        silence = None if settings.stepped else Silence(stale, self._is_open)
        self.mute = MuteSymbols(
            silence, backfill, ticks, watch, settings.mute_symbol_secs, self._reconnect, now
        )
        if recalled is not None:
            self._decoder.heard_until(recalled.latest)
        self.stream = MarketStream(
            endpoints.feed_url(settings.feed),
            credentials,
            on_frames=self._on_frames,
            on_gap=self._on_gap,
            on_state=self._on_state,
            on_mute=self._on_mute,
            codec=settings.codec,
            silence=silence,
            patience=patience,
            clock=now,
            compresses=not settings.stepped,
        )

    @property
    def skipped(self) -> int:
        """Rows, messages and frames that could not be used.

        A print that was taken back long after it came is used, though it is not known any more.
        """
        passed = {"frames", "trades", "quotes", "statuses", "others", "controls", "unknown_fields"}
        passed.add("reversals_unmatched")
        counted = self._decoder.counters.items()
        return sum(count for name, count in counted if name not in passed)

    def flush(self) -> None:
        """Hand over what has come by now."""
        self.stream.flush()

    async def listen(self) -> None:
        """Subscribe, and keep the connection in a task of its own."""
        names = self._settings.subscribed
        await self.stream.subscribe({"trades": names, "quotes": names, "statuses": names})
        self._spawn(self._keep(), "feed")
        if not self._settings.stepped:
            self._spawn(self.mute.heal(), "mute symbols")
            self._spawn(tell_flaws(self._decoder), "flawed rows")

    async def advance(self, until: int) -> Clock:
        """Grant time, again after a lost connection, and return how far it went."""
        while True:
            try:
                clock = await self.stream.advance(until)
            except VenueError:
                await asyncio.sleep(_LOSS_SEEN_SECS)
                await self.stream.live()  # raises when there will be no other connection
                continue
            await self._caught_up.wait()
            self._decoder.heard_until(clock.ts)
            back_secs = (self._now() - clock.ts) / NANOS_PER_SECOND
            if back_secs > 0 and until:
                self._watch.issue_raised(VENUE_CLOCK, behind(back_secs))
            elif until:
                self._watch.issue_cleared(VENUE_CLOCK)
            return clock

    async def begin(self) -> None:
        """Hand over what has come since the connection, now that everybody listens.

        What came after an earlier process of the run had ended is fetched first.
        """
        recalled, lost = self._recalled, Lost()
        if recalled is not None:
            lost = await self._backfill.fetch(recalled.ticks, self._ticks.wanted)
            self._note_put_back(lost, recalled.ticks)
        frames = self._decode_all(self.recovery.begin())
        if recalled is not None:
            self._bridge(recalled, lost, frames)
        for frame in frames:
            self._hand_over(frame)
        if self.stream.state.phase is Phase.LIVE:
            self._watch.issue_cleared(_FEED)
        cut_off = "the connection was lost while the run began"
        self._report_missing(cut_off if self.recovery.missed_at_start else lost.missing)

    async def _keep(self) -> None:
        """Keep the feed until the node stops, or a person has to act."""
        try:
            await self.stream.run()
        except VenueError as error:
            self._watch.issue_raised(_FEED, str(error))

    def _bridge(self, recalled: Recalled, lost: Lost, frames: Sequence[Frame]) -> None:
        """Hand over the prints between what was heard before and what has been heard since."""
        now, heard = self._now(), [frame.trades for frame in frames if frame.trades]
        fetched = self._fetched(lost.frames, now)
        fresh, seen = first_events(heard), recalled.ticks.seen_event()
        rows = [between(page, seen, fresh) for page in fetched]
        until = min((int(batch.ts_init[0]) for batch in heard), default=now)
        batch = as_if_heard(rows, recalled.latest, until)
        self._hand_over_fetched([] if batch is None else [batch], lost, frames, now)

    async def _catch_up(self) -> None:
        """Fetch what was lost and hand it over, then what came meanwhile.

        A connection that is lost meanwhile has it fetched anew, with the prints that came in
        between, for what follows them is lost, too.
        """
        muted, lost = self.mute.taken(), Lost()
        try:
            while self.recovery.fetch_next():
                lost = await self._backfill.fetch(self._ticks, self._ticks.wanted, muted)
        finally:
            waited = self.recovery.release()
        self._note_put_back(lost, self._ticks)
        seen, now = self._ticks.seen_event(), self._now()
        pages = self._fetched(lost.frames, now)
        frames = self._decode_all(Held(each.frame, now) for each in waited.fetched_too)
        if not lost.missing:
            frames = [replace(frame, trades=None) for frame in frames]
        frames += self._decode_all(Held(each.frame, now) for each in waited.later)
        fresh = first_events(frame.trades for frame in frames if frame.trades)
        prints = [rows for page in pages if len(rows := between(page, seen, fresh))]
        self._hand_over_fetched(prints, lost, frames, now)
        for frame in frames:
            self._hand_over(frame)
        self._watch.issue_cleared(_FEED)
        self._report_missing(lost.missing)
        self._caught_up.set()

    def _fetched(self, pages: Iterable[bytes], now: int) -> list[TradeBatch]:
        frames = self._decode_all(Held(page, now) for page in pages)
        return [frame.trades for frame in frames if frame.trades]

    def _hand_over_fetched(
        self, prints: Sequence[TradeBatch], lost: Lost, frames: Iterable[Frame], now: int
    ) -> None:
        """Record what was fetched of a gap and hand it over: prints, ends of halts, last quotes.

        Quotes count only of symbols that have not been quoted in ``frames``, which came since.
        """
        fetched = self._decode_all(Held(page, now) for page in lost.quotes)
        quotes = not_quoted_since(
            (frame.quotes for frame in fetched if frame.quotes),
            (frame.quotes for frame in frames if frame.quotes),
        )
        fact = lost.fact(prints, quotes, now)
        if fact is not None:
            self._watch.backfilled(fact)
        for rows in prints:
            over = tuple(self._ticks.resumes(rows, now))
            if over:
                self._hand_over(Frame(statuses=over))
            self._hand_over(Frame(trades=rows))
        for each in quotes:
            self._hand_over(Frame(quotes=each))

    def _on_frames(self, heard: Sequence[Heard]) -> None:
        """Read frames into the same columns and hand them over together."""
        for frame, now in heard:
            if self.recovery.arrived(frame, now) is not Passage.DECODE:
                continue
            try:
                self._add(frame, now)
            except DataError as error:
                self._hand_over_added()
                if self.recovery.unreadable(time_ns()):
                    self.stream.reconnect(f"a frame could not be read: {error}")
                else:
                    self._report_unread(error)
            if self._decoder.added >= _MOST_ROWS:
                self._hand_over_added()
        self._hand_over_added()

    def _hand_over_added(self) -> None:
        if self._decoder.added:
            self._hand_over(self._decoder.take())

    def _add(self, frame: bytes | str, ts_init: int) -> None:
        self.frames += 1
        earliest = self._recalled.latest if self._recalled else 0
        self._decoder.add(frame, max(ts_init, earliest))

    def _decode(self, frame: bytes | str, ts_init: int) -> Frame:
        self._add(frame, ts_init)
        return self._decoder.take()

    def _decode_all(self, waited: Iterable[Held]) -> list[Frame]:
        """Return the frames that can be read; of the others it is reported that they are lost."""
        decoded: list[Frame] = []
        for each in waited:
            try:
                decoded.append(self._decode(each.frame, each.ts_init))
            except DataError as error:
                self.recovery.unread += 1
                self._report_unread(error)
        return decoded

    def _report_unread(self, error: DataError) -> None:
        _log.error("a frame of the feed is lost: %s", error)
        self._report_missing(f"a frame of the feed could not be read: {error}")

    def _note_put_back(self, lost: Lost, ticks: LastTicks) -> None:
        """Have a running simulator's time that went back not send twice what was heard."""
        is_simulated = self._settings.venue is Venue.SIM and not self._settings.stepped
        if is_simulated and lost.end_ns is not None:
            is_back = lost.end_ns < ticks.heard_event - NANOS_PER_SECOND
            self._heard_before = (ticks.seen_event(), ticks.heard_event) if is_back else None

    def _fresh(self, frame: Frame, seen: dict[str, int], until: int) -> Frame:
        """Return what of a frame was not heard before time went back, which ends with a quote."""
        fresh = not_before(frame, seen, until)
        if fresh.quotes is not None or self._ticks.heard_event > until:
            self._heard_before = None
        return fresh

    def _hand_over(self, frame: Frame) -> None:
        if self._heard_before is not None:
            frame = self._fresh(frame, *self._heard_before)
        frame = self._in_order(frame)
        if self._on_batch is not None:
            for batch in (frame.statuses, frame.quotes, frame.trades):
                if batch:
                    self._on_batch(batch)
        if frame.quotes is not None:
            self.quotes += len(frame.quotes)
            self.mute.heard_of(frame.quotes)
        if frame.trades is not None:
            self.trades += len(frame.trades)
            self.mute.heard_of(frame.trades)
        self._deliver(frame)

    def _in_order(self, frame: Frame) -> Frame:
        """Let nothing arrive before what was handed over already, as a gap that was fetched is."""
        quotes = frame.quotes and self._quotes_in_order.take(frame.quotes)
        trades = frame.trades and self._trades_in_order.take(frame.trades)
        if quotes is frame.quotes and trades is frame.trades:
            return frame
        return replace(frame, quotes=quotes, trades=trades)

    def _on_state(self, state: StreamState) -> None:
        if state.phase is Phase.LIVE:
            if not (self.recovery.is_starting or self.recovery.is_fetching):
                self._watch.issue_cleared(_FEED)
        elif state.phase is not Phase.CLOSED:
            self._watch.issue_raised(_FEED, state.reason or state.phase.value)

    def _on_mute(self, symbols: tuple[str, ...]) -> None:
        self._spawn(self.mute.look_into(symbols), "mute symbols")

    def _reconnect(self, why: str) -> None:
        self.stream.reconnect(why)

    def _is_open(self, now: int) -> bool:
        """Say whether data is to be expected; a simulator's day is another than today."""
        heard = self._ticks.heard_event
        return in_regular_hours(heard if self._settings.venue is Venue.SIM else now)

    def _on_gap(self, gap: Gap) -> None:
        """Let nothing pass until what was lost has been fetched."""
        is_due = self.recovery.lost()
        secs = (gap.end_ns - gap.start_ns) / NANOS_PER_SECOND
        self._watch.issue_raised(_FEED, f"no data for {secs:.1f} s; it is being fetched")
        if is_due:
            self._caught_up.clear()
            self._spawn(self._catch_up(), "backfill")

    def _report_missing(self, missing: str) -> None:
        """Report what was lost for good, if anything was."""
        if not missing:
            return
        self._watch.issue_raised(_BACKFILL, missing)
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._forgetting = self._spawn(self._clear_missing(), "backfill alarm")

    async def _clear_missing(self) -> None:
        """End the alarm when what is missing is older than what signals look back on."""
        over_ns = self._now() + self._settings.backfill_mins * 60 * NANOS_PER_SECOND
        while self._now() < over_ns:  # noqa: ASYNC110  (the host's time has no event)
            await asyncio.sleep(_LOOK_SECS)
        self._watch.issue_cleared(_BACKFILL)
