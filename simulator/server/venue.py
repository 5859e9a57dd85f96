"""Time, tape, exchange and listeners, moved together."""

from __future__ import annotations

import asyncio
import time

from engine.domain.market_data.status import TradingStatus
from engine.domain.session import session
from simulator.chaos import Switchboard
from simulator.exchange import Exchange, OrderEvent
from simulator.server.equity_log import EquityLog
from simulator.server.late_corrections import correction
from simulator.server.state_file import Remembered, StateFile
from simulator.server.streams.news_stream import NewsStream
from simulator.server.streams.order_updates import OrderUpdates
from simulator.server.streams.playhead import NEVER, Playhead
from simulator.server.streams.subscribers import Subscribers
from simulator.tape import BLOCK_NS, BarMaker, Block, Clock, Mode

_CHUNK_ROWS = 16_384
"""Rows that are encoded before anybody else gets a turn."""

_WAITING_BYTES = 4 * 1024 * 1024
"""What may wait for a reader where time waits for readers."""

_TICK_SECS = 0.005
_STRIDE_NS = 10_000_000_000
"""How far time goes at once when it goes as fast as it can."""

_DAY_NS = 24 * 3600 * 1_000_000_000
_BY_HAND = "T1"
"""News are pending: the reason of a halt that somebody calls."""


class Venue:
    """One recorded day as a market that takes orders.

    Parameters
    ----------
    exchange : Exchange
        Asks ``playhead`` for what was last seen.
    file : StateFile, optional
        Takes every change of an order or an account, and the time, before anybody hears of it.
    remembered : Remembered, optional
        What an earlier process had come to; the exchange and the playhead have been brought there.
    """

    def __init__(
        self,
        playhead: Playhead,
        exchange: Exchange,
        clock: Clock,
        subscribers: Subscribers,
        news_stream: NewsStream,
        chaos: Switchboard,
        equity: EquityLog,
        *,
        file: StateFile | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        self.playhead = playhead
        self.exchange = exchange
        self.clock = clock
        self.subscribers = subscribers
        self.news_stream = news_stream
        self.chaos = chaos
        self.order_updates = OrderUpdates(chaos)
        self.equity = equity
        self._file = file
        self._played = playhead.now
        self._reached = playhead.now
        if remembered is not None:
            self._reached = remembered.reached_ns
            self.order_updates.told.update(remembered.told)
        reader = playhead.reader
        self._bars = BarMaker(reader.symbols, reader.tapes, session(reader.day))
        self._before: Block | None = None
        self._sent = 0
        self._moving = asyncio.Lock()
        self._turned = asyncio.Event()

    @property
    def now(self) -> int:
        """Simulated time, UTC ns."""
        return self.playhead.now

    @property
    def farthest(self) -> int:
        """How far time may be taken by hand, UTC ns: a day beyond the tape."""
        return self.playhead.reader.end_ns + _DAY_NS

    def take(self, *, changed: bool = False) -> list[OrderEvent]:
        """Take what has just happened to orders, counted and kept; nobody has been told yet.

        Parameters
        ----------
        changed : bool
            Whether there is something to keep that is told to nobody, such as a setting.
        """
        events = self.exchange.take_events()
        self.order_updates.count(events)
        if self._file is not None and (events or changed):
            self._file.save(self.exchange, self._played, self.order_updates.told)
        return events

    async def catch_up(self) -> None:
        """Go on to the time that an earlier process had told, as it went: nobody hears it twice."""
        await self.seek(self._reached)

    def close(self) -> None:
        """Let the file of the state go."""
        if self._file is not None:
            self._file.close()

    async def present(self) -> int:
        """Return the time at which a request counts; where time runs by itself it catches up."""
        if self.clock.runs and self.clock.speed is not None:
            await self._play(self.clock.due(time.monotonic_ns(), NEVER), stops=False)
        return self.now

    async def run(self) -> None:
        """Let time run, for as long as it runs by itself."""
        while True:
            if not self.clock.runs:
                self._turned.clear()
                await self._turned.wait()
                continue
            until = self.clock.due(time.monotonic_ns(), self.now + _STRIDE_NS)
            if until >= self.playhead.reader.end_ns and self.clock.speed is None:
                self.clock.paused = True
            await self._play(until, stops=False)
            self.subscribers.cut_slow() if self.clock.speed is not None else None
            await asyncio.sleep(0 if self.clock.speed is None else _TICK_SECS)

    async def grant(self, until: int) -> int:
        """Play up to an instant, or to the first at which an update was told; return it."""
        if self.clock.due(time.monotonic_ns(), NEVER) > self.now:
            self.clock.anchor(self.now)
        while True:
            while self.clock.paused:
                self._turned.clear()
                await self._turned.wait()
            target = self.clock.due(time.monotonic_ns(), until)
            if await self._play(target, stops=True) or self.now >= until:
                return self.now
            await asyncio.sleep(_TICK_SECS)

    def pause(self, at: int | None = None) -> None:
        """Pause now, or when time comes to an instant, which it does not go beyond by itself."""
        self.clock.pauses_at = at
        self.turn(paused=True if at is None else None)

    async def step(self, span_ns: int) -> int:
        """Play so much further, however time moves otherwise; return the time."""
        await self._play(self.now + span_ns, stops=False)
        self.turn()
        return self.now

    async def seek(self, ts: int) -> int:
        """Go forward to an instant; subscribers see nothing of what lies between."""
        self.subscribers.hushed = self.news_stream.hushed = True
        try:
            await self._play(ts, stops=False)
        finally:
            self.subscribers.hushed = self.news_stream.hushed = False
        self.turn()
        return self.now

    async def band(self, symbol: str, limit_down: int, limit_up: int) -> None:
        """Set the prices between which a stock may trade from now on, 1e-6 USD; 0 lifts a side."""
        async with self._moving:
            self.exchange.feed.luld(symbol, limit_down, limit_up, self.now)
            self.subscribers.tell_band(symbol, limit_down, limit_up, self.now)
            self.order_updates.tell(self.take(changed=True))

    async def halt(self, symbol: str, *, halted: bool) -> None:
        """Halt a stock, or let it trade again; its rows go on as they were recorded."""
        async with self._moving:
            status = TradingStatus(symbol, self.now, self.now, halted, _BY_HAND)
            self.exchange.feed.status(status)
            self.subscribers.tell_status(status)
            self.order_updates.tell(self.take(changed=True))

    def turn(self, *, paused: bool | None = None, speed: float | None = 0.0) -> None:
        """Pause, resume or change the speed from now on; 0 leaves the speed."""
        if paused is not None:
            self.clock.paused = paused
        if speed != 0.0:
            self.clock.speed = speed
        self.clock.anchor(self.now)
        self._turned.set()

    async def _play(self, until: int, *, stops: bool) -> bool:
        """Play up to an instant; say whether it ``stops`` early because something was told."""
        async with self._moving:
            told = await self._overdue()
            while self.now < until and not (told and stops):
                told = await self._to_next(until)
            await self._send_rows()
            self.clock.reach(self.now)
        return told and stops

    async def _overdue(self) -> bool:
        """Let what is due at this very instant happen: commands without latency."""
        due = self.exchange.due_ns()
        if due is None or due > self.now:
            return False
        self.exchange.advance(self.now)
        return self._tell()

    async def _to_next(self, until: int) -> bool:
        """Play up to the next instant that matters to an order, a halt, the news or the disk."""
        head = self.playhead
        if head.block is not None and head.now >= head.block.end - 1:
            await self._send_rows()
            self._tell_bars(head.block)
            self._correct_late(head.block)
            await asyncio.to_thread(head.next_block)
            self._sent = 0
            self.equity.note(self.exchange, head.now)
        due = self.exchange.due_ns()
        limit = until if due is None else max(min(until, due), self.now + 1)
        limit = min(limit, max(self.news_stream.due_ns(), self.now + 1))
        instant = head.next_event(self.exchange.watched.symbols(), limit)
        start = head.at
        if self._file is not None:
            self._file.reach(instant)
        statuses, end = head.pass_to(instant)
        self.news_stream.tell(instant)
        if statuses:
            before = start if head.block is None else head.block.first_at(instant)
            await self._send_rows(before)
        for status in statuses:
            self.exchange.feed.status(status)
            self.subscribers.tell_status(status)
        self._trade(start, end)
        self.exchange.advance(instant)
        self._played = instant
        return self._tell()

    def _trade(self, start: int, end: int) -> None:
        """Show the exchange what it watches."""
        block = self.playhead.block
        if block is None:
            return
        trades, quotes = block.trades, block.quotes
        for row in self.playhead.traded(start, end):
            if row >= 0:
                self.exchange.feed.print(
                    trades.symbols[trades.symbol_id[row]],
                    int(trades.price[row]),
                    int(trades.size[row]),
                    int(trades.ts_init[row]),
                )
            else:
                self.exchange.feed.quote(
                    quotes.symbols[quotes.symbol_id[~row]],
                    int(quotes.bid[~row]),
                    int(quotes.ask[~row]),
                    int(quotes.bid_size[~row]),
                    int(quotes.ask_size[~row]),
                    int(quotes.ts_init[~row]),
                )

    def _correct_late(self, block: Block) -> None:
        """Take back something of the block before, if chaos wants it."""
        before, self._before = self._before, block
        if before is not None and self.chaos.on.late_corrections:
            told = correction(before, self.playhead.reader.tapes, self.now)
            if told is not None and self.chaos.strikes("late_corrections"):
                self.subscribers.tell("trades", [told])

    def _tell_bars(self, block: Block) -> None:
        """Send the bars that the end of a block completes."""
        self._bars.take(block)
        ends_minute = block.end // BLOCK_NS % 2 == 0
        for channel, make, is_due in (
            ("bars", self._bars.minute_bars, ends_minute),
            ("dailyBars", self._bars.daily_bars, ends_minute),
            ("updatedBars", self._bars.updated_bars, not ends_minute),
        ):
            if is_due and self.subscribers.wants(channel):
                self.subscribers.tell(channel, make())

    def _tell(self) -> bool:
        events = self.take()
        self.order_updates.tell(events)
        return bool(events)

    async def _send_rows(self, end: int | None = None) -> None:
        """Send what was played of the block, and wait for readers where time does."""
        block = self.playhead.block
        last = self.playhead.at if end is None else end
        while block is not None and self._sent < last:
            stop = min(last, self._sent + _CHUNK_ROWS)
            self.subscribers.tell_rows(block, self._sent, stop)
            self._sent = stop
            if self.clock.mode is Mode.STEPPED or self.clock.speed is None:
                await self.subscribers.below(_WAITING_BYTES)
            await asyncio.sleep(0)
