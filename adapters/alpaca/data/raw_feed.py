"""The feed as it came, for whoever hands it on: rows, whole and in order, a gap fetched before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from adapters.alpaca.config import ALL
from adapters.alpaca.data.backfill import Backfill, Lost
from adapters.alpaca.data.gap_recovery import GapRecovery, Passage
from adapters.alpaca.data.heard_prints import HeardPrints
from adapters.alpaca.streams.market_stream import Heard, MarketStream
from adapters.alpaca.streams.messages import CHANNELS, Gap
from adapters.alpaca.wire.rows import FoundRows, RowFinder
from adapters.transport.kept_socket import Phase
from engine.domain.errors import DataError, VenueUnavailable
from engine.domain.market_data.blocks import Gap as Missing

if TYPE_CHECKING:
    from adapters.alpaca.credentials import Credentials
    from adapters.transport.kept_socket import Patience
    from adapters.transport.silence import Silence

_OURS = {wire: ours for ours, wire in CHANNELS.items()}
_LOSS_SEEN_SECS = 0.02

_log = logging.getLogger(__name__)


class Deliver(Protocol):
    """Takes rows that arrived together (UTC ns)."""

    def __call__(self, rows: FoundRows, stamp: int, *, is_fetched: bool) -> None: ...  # noqa: D102


class RawFeed:
    """One connection to one feed, whose rows are found but not read.

    Parameters
    ----------
    finder : RowFinder
    heard : HeardPrints
        What was heard so far, also by an earlier process.
    deliver : callable
        Takes rows that arrived together, when (UTC ns), and whether they were fetched.
    on_loss : callable
        Called when the connection is lost.
    on_gap : callable
        Takes what is missing, and again when it has been fetched, before what came meanwhile.
    now : callable
        Returns the host's time, UTC ns; never goes back.
    since_ns : int
        When an earlier process heard something last, UTC ns; 0 if there was none.
    codec, silence, patience, compresses
        See ``MarketStream``.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        finder: RowFinder,
        heard: HeardPrints,
        backfill: Backfill,
        deliver: Deliver,
        on_gap: Callable[[Missing], None],
        on_loss: Callable[[], None],
        now: Callable[[], int],
        since_ns: int = 0,
        silence: Silence | None = None,
        patience: Patience | None = None,
        compresses: bool = True,
    ) -> None:
        self._finder = finder
        self._heard = heard
        self._backfill = backfill
        self._deliver = deliver
        self._on_gap_known = on_gap
        self._on_loss = on_loss
        self._was_live = False
        self._now = now
        self._since_ns = since_ns
        self._recovery = GapRecovery()
        self._recovery.begin()
        self._whole = asyncio.Event()
        self._whole.set()
        self._fetching: asyncio.Task[None] | None = None
        self.stream = MarketStream(
            url,
            credentials,
            on_frames=self._on_frames,
            on_gap=self._on_gap,
            on_state=self._on_state,
            silence=silence,
            patience=patience,
            clock=now,
            compresses=compresses,
        )

    @property
    def state(self) -> str:
        """Where the connection stands, and why when it is not live."""
        state = self.stream.state
        return f"{state.phase.value}: {state.reason}" if state.reason else state.phase.value

    @property
    def is_live(self) -> bool:
        """Whether the connection is live."""
        return self.stream.state.phase is Phase.LIVE

    @property
    def is_whole(self) -> bool:
        """Whether the connection is live and no gap is being fetched."""
        return self.is_live and self._whole.is_set()

    async def run(self) -> None:
        """Keep the connection until ``close``; raises as ``MarketStream.run`` does."""
        try:
            await self.stream.run()
        finally:
            if self._fetching is not None:
                self._fetching.cancel()

    async def close(self) -> None:
        """End the connection; ``run`` returns."""
        await self.stream.close()

    @property
    def subscribed(self) -> dict[str, list[str]]:
        """What has been asked for, symbols by the wire's name of their channel."""
        return {CHANNELS[name]: names for name, names in self.stream.desired.items()}

    def hears(self, symbols: Mapping[str, Iterable[str]]) -> bool:
        """Say whether all of some symbols, by the wire's name of their channel, were asked for."""
        asked = self.subscribed
        return all(
            ALL in asked.get(channel, ()) or set(names) <= set(asked.get(channel, ()))
            for channel, names in symbols.items()
        )

    async def subscribe(self, symbols: Mapping[str, Iterable[str]]) -> None:
        """Add symbols by the wire's name of their channel; raises as ``MarketStream`` does."""
        await self.stream.subscribe({_OURS[name]: names for name, names in symbols.items()})

    async def advance(self, until: int) -> tuple[int, int]:
        """Have a simulator grant time, again after a lost connection."""
        while True:
            try:
                clock = await self.stream.advance(until)
            except VenueUnavailable:
                await asyncio.sleep(_LOSS_SEEN_SECS)
                await self.stream.live()
                continue
            await self._whole.wait()
            return clock.ts, clock.updates

    def flush(self) -> None:
        """Hand over what has come by now."""
        self.stream.flush()

    def _on_state(self, state: object) -> None:
        """Tell a loss; begin with what an earlier process missed once the first one is live."""
        del state
        was_live, self._was_live = self._was_live, self.is_live
        if was_live and not self.is_live:
            self._on_loss()
        if self._since_ns and self.is_live:
            since, self._since_ns = self._since_ns, 0
            self._on_gap(Gap(since, self._now()))

    def _on_frames(self, heard: Sequence[Heard]) -> None:
        decode = Passage.DECODE
        passing = [frame for frame, now in heard if self._recovery.arrived(frame, now) is decode]
        if passing:
            self._hand_over(passing, heard[-1][1])

    def _hand_over(self, frames: Sequence[bytes | str], now: int) -> None:
        try:
            found = self._finder.find(frames)
        except DataError as error:
            if len(frames) > 1:  # all but the one that cannot be read
                for frame in frames:
                    self._hand_over([frame], now)
            elif self._recovery.unreadable(now):
                self.stream.reconnect(f"a frame could not be read: {error}")
            else:
                _log.error("a frame of the feed is lost: %s", error)
                self._on_gap_known(Missing(now, now, complete=False))
            return
        self._heard.note(found)
        self._deliver(found, now, is_fetched=False)

    def _on_gap(self, gap: Gap) -> None:
        """Let nothing pass until what was lost has been fetched."""
        is_due = self._recovery.lost()
        self._on_gap_known(Missing(gap.start_ns, gap.end_ns, complete=False))
        if is_due:
            self._whole.clear()
            self._fetching = asyncio.ensure_future(self._catch_up(gap.start_ns))

    async def _catch_up(self, start_ns: int) -> None:
        """Fetch what was lost and hand it over, then what came meanwhile."""
        lost = Lost()
        try:
            while self._recovery.fetch_next():
                lost = await self._backfill.fetch(self._heard, ())
        finally:
            waited = self._recovery.release()
            now, held = self._now(), [each.frame for each in (*waited.fetched_too, *waited.later)]
            try:
                self._fill(lost, held, now)
                self._on_gap_known(Missing(start_ns, now, complete=not lost.missing))
                if lost.missing:
                    _log.error(lost.missing)
                for frame in held:
                    self._hand_over([frame], now)
            finally:
                self._whole.set()

    def _fill(self, lost: Lost, held: Sequence[bytes | str], now: int) -> None:
        """Hand over the prints of a gap that did not come over the stream, nor wait to be."""
        if not lost.frames:
            return
        after = self._finder.find([])
        for frame in held:
            with suppress(DataError):  # it is reported when it is handed over
                after = after.joined([self._finder.find([frame])])
        fetched = self._finder.find(lost.frames)
        missed = fetched.only(self._heard.missed(fetched, after))
        if len(missed):
            self._heard.note(missed)
            self._deliver(missed, now, is_fetched=True)
