"""The market as the node gets it: columns for the scanner, ticks of what is traded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from time import time_ns
from typing import Any

import numpy as np
from nautilus_trader.live.clients import (
    ClientRuntime,  # pyright: ignore[reportAttributeAccessIssue]
    MarketDataClient,
)
from nautilus_trader.model import CustomData, InstrumentId

from adapters.alpaca.clock_watch import VENUE_CLOCK, behind
from adapters.alpaca.config import AlpacaConfig
from adapters.alpaca.credentials import Credentials
from adapters.alpaca.data.backfill import Backfill, Lost
from adapters.alpaca.data.flawed_rows import tell_flaws
from adapters.alpaca.data.gap_rows import (
    as_if_heard,
    between,
    first_events,
    not_before,
    not_quoted_since,
)
from adapters.alpaca.data.instruments import AlpacaInstruments
from adapters.alpaca.data.last_ticks import LastTicks
from adapters.alpaca.data.mute_symbols import MuteSymbols
from adapters.alpaca.data.recalled import Recalled
from adapters.alpaca.endpoints import Endpoints, Venue
from adapters.alpaca.streams.market_stream import MarketStream
from adapters.alpaca.streams.messages import Gap
from adapters.alpaca.wire.market import Frame, FrameDecoder
from adapters.transport.kept_socket import Patience, Phase, StreamState
from adapters.transport.silence import Silence, in_regular_hours
from engine.domain.errors import DataError, VenueError
from engine.domain.facts import GapBackfilled
from engine.domain.quotes import QuoteBatch
from engine.domain.session import NANOS_PER_SECOND
from engine.domain.status import TradingStatus
from engine.domain.trades import TradeBatch
from engine.runtime.bridge.messages import print_message, quote_message
from engine.runtime.bridge.ticks import quote_ticks, status_data, trade_ticks
from engine.runtime.bridge.values import VENUE, instrument_id
from engine.runtime.live.venue import Grant, VenueWatch

COMMANDS = 50_000
"""Commands that may wait for a client; nautilus drops what comes beyond, by itself at 1,024."""

_UNREAD_AGAIN_NS = 60 * NANOS_PER_SECOND
"""Frames that cannot be read within so long are no accident."""

_LOOK_SECS = 0.1
"""Between two looks at the host's time, which may run faster than the wall's."""

_LOSS_SEEN_SECS = 0.02
"""What a connection takes to notice that it was cut."""

_FEED, _BACKFILL = "feed", "backfill"

type OnBatch = Callable[[TradeBatch | QuoteBatch | Sequence[TradingStatus]], None]

_log = logging.getLogger(__name__)


class AlpacaDataClient(MarketDataClient):
    """Hands what the feed sends to the node, in order and at once.

    Every frame goes to the scanner as columns. Of symbols to whose trades somebody subscribed,
    what orders could trade on goes to the node as ticks, too. A gap is fetched again before
    anything that came after it is handed over.

    Parameters
    ----------
    settings : AlpacaConfig
    ticks : LastTicks
        Shared with the execution client, which must know what is halted.
    watch : VenueWatch
        Hears of every trouble.
    now : callable
        Returns the host's time, UTC ns; never goes back.
    recalled : Recalled, optional
        What an earlier process of the run had heard.
    on_batch : callable, optional
        Called at once with whatever is handed to the scanner, and with halts.
    """

    def __init__(
        self,
        *,
        settings: AlpacaConfig,
        endpoints: Endpoints,
        credentials: Credentials,
        instruments: AlpacaInstruments,
        backfill: Backfill,
        ticks: LastTicks,
        watch: VenueWatch,
        now: Callable[[], int],
        patience: Patience | None = None,
        recalled: Recalled | None = None,
        on_batch: OnBatch | None = None,
        **node: Any,
    ) -> None:
        super().__init__(venue=VENUE, **node)
        self._runtime = ClientRuntime(self, COMMANDS)
        self._settings = settings
        self._instruments = instruments
        self._backfill = backfill
        self._ticks = ticks
        self._watch = watch
        self._now = now
        self._decoder = FrameDecoder(received_at=settings.stepped)
        self._recalled = recalled
        self._on_batch = on_batch
        self._begun = self._missed = self._is_given_up = False
        self._given_up_at = 0
        self._waiting: list[tuple[bytes | str, int]] | None = []
        self._caught_up = asyncio.Event()
        self._caught_up.set()
        self.frames = self.trades = self.quotes = self.gaps = self.unread = 0
        self._forgetting: asyncio.Task[object] | None = None
        stale = settings.stale_feed_seconds
        silence = None if settings.stepped else Silence(stale, self._is_open)
        self._mute = MuteSymbols(
            silence, backfill, ticks, watch, settings.mute_symbol_secs, self._reconnect, now
        )
        self._fetched_too = 0
        self._heard_before: tuple[dict[str, int], int] | None = None
        if recalled is not None:
            self._decoder.heard_until(recalled.latest)
        self.stream = MarketStream(
            endpoints.feed_url(settings.feed),
            credentials,
            on_frame=self._on_frame,
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
        """Rows, messages and frames that could not be used."""
        passed = {"frames", "trades", "quotes", "statuses", "others", "controls", "unknown_fields"}
        counted = self._decoder.counters.items()
        return sum(count for name, count in counted if name not in passed)

    def publish(self, data: CustomData) -> None:
        """Hand a message to the node behind everything that arrived before it."""
        self._handle_data(data)

    async def advance(self, until: int) -> Grant:
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
            return Grant(clock.ts, clock.updates)

    async def _connect(self) -> None:
        """Load the stocks, hand them over, and begin to listen."""
        try:
            await self._instruments.load_all_async()
        except VenueError as error:
            self._watch.refused(error)
            raise
        for instrument in self._instruments.list_all():
            self._handle_instrument(instrument)
        names = self._settings.subscribed
        await self.stream.subscribe({"trades": names, "quotes": names, "statuses": names})
        self.create_task(self._listen(), "feed")
        if not self._settings.stepped:
            self.create_task(self._mute.heal(), "mute symbols")
            self.create_task(tell_flaws(self._decoder), "flawed rows")

    async def _disconnect(self) -> None:
        await self.stream.close()

    async def _listen(self) -> None:
        """Keep the feed until the node stops, or a person has to act."""
        try:
            await self.stream.run()
        except VenueError as error:
            self._watch.issue_raised(_FEED, str(error))

    async def begin(self) -> None:
        """Hand over what has come since the connection, now that everybody listens.

        What came after an earlier process of the run had ended is fetched first.
        """
        recalled, lost = self._recalled, Lost()
        if recalled is not None:
            self._tell_halts(recalled.halted.values())
            lost = await self._backfill.fetch(recalled.ticks, self._ticks.wanted)
            self._note_put_back(lost, recalled.ticks)
        (waiting, self._waiting), self._begun = (self._waiting or [], None), True
        frames = self._decode_all(waiting)
        if recalled is not None:
            self._bridge(recalled, lost, frames)
        for frame in frames:
            self._hand_over(frame)
        if self.stream.state.phase is Phase.LIVE:
            self._watch.issue_cleared(_FEED)
        cut_off = "the connection was lost while the run began"
        self._tell_missing(cut_off if self._missed else lost.missing)

    def _bridge(self, recalled: Recalled, lost: Lost, frames: Sequence[Frame]) -> None:
        """Hand over the prints between what was heard before and what has been heard since."""
        now, heard = self._now(), [frame.trades for frame in frames if frame.trades]
        fetched = [frame.trades for frame in self._decode_all((page, now) for page in lost.frames)]
        fresh, seen = first_events(heard), recalled.ticks.seen_event()
        rows = [between(page, seen, fresh) for page in fetched if page]
        until = min((int(batch.ts_init[0]) for batch in heard), default=now)
        batch = as_if_heard(rows, recalled.latest, until)
        quotes = self._last_quotes(lost, frames, now)
        self._tell_backfilled(lost.fact([] if batch is None else [batch], quotes, now))
        if batch is not None:
            self._tell_resumes(batch, now)
            self._hand_over(Frame(trades=batch))
        for each in quotes:
            self._hand_over(Frame(quotes=each))

    def _tell_resumes(self, prints: TradeBatch, now: int) -> None:
        """Tell of halts whose end fell into a gap."""
        over = tuple(self._ticks.resumes(prints, now))
        if over:
            self._hand_over(Frame(statuses=over))

    def _last_quotes(self, lost: Lost, frames: Iterable[Frame], now: int) -> list[QuoteBatch]:
        """Return the last quotes of symbols that have not been quoted since."""
        fetched = self._decode_all((page, now) for page in lost.quotes)
        return not_quoted_since(
            (frame.quotes for frame in fetched if frame.quotes),
            (frame.quotes for frame in frames if frame.quotes),
        )

    def _tell_backfilled(self, fact: GapBackfilled | None) -> None:
        if fact is not None:
            self._watch.backfilled(fact)

    def _tell_halts(self, statuses: Iterable[TradingStatus]) -> None:
        """Tell of halts that were announced to an earlier process."""
        known = [each for each in statuses if self._instruments.knows(instrument_id(each.symbol))]
        for status in known:
            self._halt(status)
        for datum in status_data(known):
            self._handle_data(datum)

    def _on_frame(self, frame: bytes | str, _received_ns: int) -> None:
        if self._is_given_up:
            return
        if self._waiting is not None:
            self._waiting.append((frame, self._now()))
            return
        try:
            decoded = self._decode(frame, self._now())
        except DataError as error:
            self._give_up(error)
        else:
            self._hand_over(decoded)

    def _give_up(self, error: DataError) -> None:
        """Have what an unreadable frame held fetched, over another connection.

        Where they come again and again that is no help: entries wait until none has come for long.
        """
        now = time_ns()
        again, self._given_up_at = now - self._given_up_at < _UNREAD_AGAIN_NS, now
        if again:
            self._lose(error)
            return
        self._is_given_up = True
        self.unread += 1
        self.stream.reconnect(f"a frame could not be read: {error}")

    def _decode(self, frame: bytes | str, ts_init: int) -> Frame:
        self.frames += 1
        earliest = self._recalled.latest if self._recalled else 0
        return self._decoder.decode(frame, max(ts_init, earliest))

    def _decoded(self, frame: bytes | str, ts_init: int) -> Frame | None:
        try:
            return self._decode(frame, ts_init)
        except DataError as error:
            self._lose(error)
            return None

    def _lose(self, error: DataError) -> None:
        self.unread += 1
        _log.error("a frame of the feed is lost: %s", error)
        self._tell_missing(f"a frame of the feed could not be read: {error}")

    def _decode_all(self, frames: Iterable[tuple[bytes | str, int]]) -> list[Frame]:
        return [decoded for each in frames if (decoded := self._decoded(*each)) is not None]

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
        """Give a frame to the node: halts, ticks of what is traded, then all of it as columns."""
        if self._heard_before is not None:
            frame = self._fresh(frame, *self._heard_before)
        if self._on_batch is not None:
            for batch in (frame.statuses, frame.quotes, frame.trades):
                if batch:
                    self._on_batch(batch)
        statuses = [
            status
            for status in frame.statuses
            if self._instruments.knows(instrument_id(status.symbol))
        ]
        for datum in status_data(statuses):
            self._handle_data(datum)
        ticks: list[Any] = []
        if frame.quotes is not None:
            ticks += quote_ticks(self._known(self._ticks.quotes(frame.quotes)))
        if frame.trades is not None:
            ticks += trade_ticks(self._known(self._ticks.prints(frame.trades, frame.statuses)))
        for status in frame.statuses:
            self._halt(status)
        for tick in sorted(ticks, key=_ts_init):  # stable: at one instant quotes go first
            self._handle_data(tick)
        if frame.quotes is not None:
            self.quotes += len(frame.quotes)
            self._mute.heard_of(frame.quotes)
            self._handle_data(quote_message(frame.quotes))
        if frame.trades is not None:
            self.trades += len(frame.trades)
            self._mute.heard_of(frame.trades)
            self._handle_data(print_message(frame.trades))

    def _halt(self, status: TradingStatus) -> None:
        """Take an announcement; a halted symbol may be silent."""
        self._ticks.halt(status)
        if status.symbol in self._ticks.wanted:
            self._mute.watch(status.symbol)

    def _known[Batch: (TradeBatch, QuoteBatch)](self, batch: Batch) -> Batch:
        """Return the rows of stocks that are instruments."""
        known = np.array([self._instruments.knows(instrument_id(s)) for s in batch.symbols], bool)
        return batch if known.all() else batch.rows(known[batch.symbol_id])

    async def _subscribe_trades(self, command: Any) -> None:
        self._want(command.instrument_id)

    async def _subscribe_quotes(self, command: Any) -> None:
        self._want(command.instrument_id)

    async def _unsubscribe_trades(self, command: Any) -> None:
        self._unwant(command.instrument_id)

    async def _unsubscribe_quotes(self, command: Any) -> None:
        self._unwant(command.instrument_id)

    async def _subscribe(self, command: Any) -> None:
        """Do nothing: what is published goes to all who asked for it."""

    async def _unsubscribe(self, command: Any) -> None:
        """Do nothing."""

    async def _subscribe_instruments(self, command: Any) -> None:
        """Do nothing: all were handed over."""

    async def _subscribe_instrument(self, command: Any) -> None:
        """Do nothing: all were handed over."""

    async def _subscribe_instrument_status(self, command: Any) -> None:
        """Do nothing: halts of every stock are told."""

    async def _unsubscribe_instrument_status(self, command: Any) -> None:
        """Do nothing."""

    def _want(self, instrument: InstrumentId) -> None:
        """Tell what is known of a stock at once, the later of quote and print last."""
        symbol = instrument.symbol.value
        self._ticks.want(symbol)
        self._mute.watch(symbol)
        quote, trade = self._ticks.last_quote(symbol), self._ticks.last_print(symbol)
        ticks = [*(quote_ticks(quote) if quote else ()), *(trade_ticks(trade) if trade else ())]
        for tick in sorted(ticks, key=_ts_init):
            self._handle_data(tick)

    def _unwant(self, instrument: InstrumentId) -> None:
        self._ticks.unwant(instrument.symbol.value)
        self._mute.unwatch(instrument.symbol.value)

    def _on_state(self, state: StreamState) -> None:
        if state.phase is Phase.LIVE:
            if self._waiting is None:
                self._watch.issue_cleared(_FEED)
        elif state.phase is not Phase.CLOSED:
            self._watch.issue_raised(_FEED, state.reason or state.phase.value)

    def _on_mute(self, symbols: tuple[str, ...]) -> None:
        self.create_task(self._mute.look_into(symbols), "mute symbols")

    def _reconnect(self, why: str) -> None:
        self.stream.reconnect(why)

    def _is_open(self, now: int) -> bool:
        """Say whether data is to be expected; a simulator's day is another than today."""
        heard = self._ticks.heard_event
        return in_regular_hours(heard if self._settings.venue is Venue.SIM else now)

    def _on_gap(self, gap: Gap) -> None:
        """Let nothing pass until what was lost has been fetched."""
        self.gaps += 1
        self._is_given_up = False
        secs = (gap.end_ns - gap.start_ns) / NANOS_PER_SECOND
        self._watch.issue_raised(_FEED, f"no data for {secs:.1f} s; it is being fetched")
        if not self._begun:
            self._missed = True
            return
        self._caught_up.clear()
        if self._waiting is None:
            self._waiting = []
            self.create_task(self._catch_up(), "backfill")
        else:
            self._fetched_too = len(self._waiting)

    async def _catch_up(self) -> None:
        """Fetch what was lost and hand it over, then what came meanwhile.

        A connection that is lost meanwhile has it fetched anew, with the prints that came in
        between, for what follows them is lost, too.
        """
        muted = self._mute.taken()
        self._fetched_too, gaps, lost = 0, 0, Lost()
        try:
            while gaps != self.gaps:
                gaps = self.gaps
                lost = await self._backfill.fetch(self._ticks, self._ticks.wanted, muted)
        finally:
            waiting, self._waiting = self._waiting or [], None
        self._note_put_back(lost, self._ticks)
        seen = self._ticks.seen_event()
        now = self._now()
        fetched = self._decode_all((page, now) for page in lost.frames)
        pages = [frame.trades for frame in fetched if frame.trades]
        frames = self._decode_all((frame, now) for frame, _ in waiting[: self._fetched_too])
        if not lost.missing:
            frames = [replace(frame, trades=None) for frame in frames]
        frames += self._decode_all((frame, now) for frame, _ in waiting[self._fetched_too :])
        fresh = first_events(frame.trades for frame in frames if frame.trades)
        prints = [rows for page in pages if len(rows := between(page, seen, fresh))]
        quotes = self._last_quotes(lost, frames, now)
        self._tell_backfilled(lost.fact(prints, quotes, now))
        for rows in prints:
            self._tell_resumes(rows, now)
            self._hand_over(Frame(trades=rows))
        for each in quotes:
            self._hand_over(Frame(quotes=each))
        for frame in frames:
            self._hand_over(frame)
        self._watch.issue_cleared(_FEED)
        self._tell_missing(lost.missing)
        self._caught_up.set()

    def _tell_missing(self, missing: str) -> None:
        """Tell what was lost for good, if anything was."""
        if not missing:
            return
        self._watch.issue_raised(_BACKFILL, missing)
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._forgetting = self.create_task(self._forget_missing(), "backfill alarm")

    async def _forget_missing(self) -> None:
        """End the alarm when what is missing is older than what signals look back on."""
        over_ns = self._now() + self._settings.backfill_mins * 60 * NANOS_PER_SECOND
        while self._now() < over_ns:  # noqa: ASYNC110  (the host's time has no event)
            await asyncio.sleep(_LOOK_SECS)
        self._watch.issue_cleared(_BACKFILL)


def _ts_init(tick: Any) -> int:
    return tick.ts_init
