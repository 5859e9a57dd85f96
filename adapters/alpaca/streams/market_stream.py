"""The market-data session: authenticated, subscribed, watched, and whole after a loss."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.streams.errors import Remedy, remedy
from adapters.alpaca.streams.market_session import MarketSession
from adapters.alpaca.streams.messages import CHANNELS, Gap, Symbols, change, is_control
from adapters.alpaca.wire.market_messages import Clock, Control, StreamError, Subscription
from adapters.transport.kept_socket import Patience, StreamState
from adapters.transport.silence import Silence
from engine.domain.errors import VenueRejected, VenueUnavailable

type Heard = tuple[bytes | str, int]
"""A frame as it came, and its arrival in UTC ns."""

_log = logging.getLogger(__name__)


class MarketStream(MarketSession):
    """One connection to one feed, kept.

    ``run`` does everything until ``close``, or a refusal that only a person can remedy. Frames of
    data go to ``on_frames`` in the order they came, as many at once as have come by then, and wait
    for no consumer: it must return at once, and what it raises ends ``run``. After a reconnect
    ``on_gap`` is called before any frame of the new connection.

    Parameters
    ----------
    url : str
        See ``Endpoints.feed_url``.
    on_frames : callable
        Takes frames as they came, each with its arrival in UTC ns.
    on_gap, on_state, on_mute : callable
        Take the gap, the new state, the watched symbols that fell silent.
    codec : {"msgpack", "json"}
        Of both directions.
    silence : Silence, optional
        Without one a mute socket is not noticed: right where time is granted step by step.
    clock : callable, optional
        UTC nanoseconds.
    seed : int
        Repeats the jitter of the waits.
    compresses : bool
        See ``KeptSocket``.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        on_frames: Callable[[Sequence[Heard]], None],
        on_gap: Callable[[Gap], None],
        on_state: Callable[[StreamState], None] = lambda _: None,
        on_mute: Callable[[tuple[str, ...]], None] = lambda _: None,
        codec: str = "msgpack",
        silence: Silence | None = None,
        patience: Patience | None = None,
        clock: Callable[[], int] = time.time_ns,
        seed: int = 0,
        compresses: bool = True,
    ) -> None:
        super().__init__(
            url,
            credentials,
            serve=self._serve,
            on_loss=self._lost,
            on_state=on_state,
            codec=codec,
            patience=patience,
            clock=clock,
            seed=seed,
            compresses=compresses,
        )
        self._on_frames = on_frames
        self._on_gap = on_gap
        self._on_mute = on_mute
        self._silence = silence
        self._heard = deque[Heard]()
        self._has_heard = asyncio.Event()
        self._desired: dict[str, set[str]] = {channel: set() for channel in CHANNELS}
        self._covered_until: int | None = None
        self._muted: tuple[str, ...] = ()
        self._changing = asyncio.Lock()
        self._acknowledged: asyncio.Future[None] | None = None
        self._granting = asyncio.Lock()
        self._granted: asyncio.Future[Clock] | None = None
        self.subscription = Subscription()
        """What the server says is subscribed."""

    def reconnect(self, reason: str) -> None:
        """Give this connection up for another: a symbol is mute, a frame could not be read."""
        self._socket.abort(reason)

    @property
    def desired(self) -> dict[str, list[str]]:
        """What has been asked for, symbols by channel, whether or not it comes by now."""
        return {channel: sorted(names) for channel, names in self._desired.items() if names}

    async def subscribe(self, symbols: Symbols) -> None:
        """Add to the subscription; returns when the server has acknowledged it.

        Before ``run`` has been live for the first time it is only noted. A loss meanwhile is
        survived: the next connection subscribes to the whole set.

        Raises
        ------
        VenueRejected
            The server refuses; the subscription stays as it was.
        """
        added = {channel: set(names) - self._desired[channel] for channel, names in symbols.items()}
        await self._change("subscribe", added)

    async def unsubscribe(self, symbols: Symbols) -> None:
        """Take from the subscription; a few frames may still come."""
        taken = {channel: set(names) & self._desired[channel] for channel, names in symbols.items()}
        await self._change("unsubscribe", taken)

    async def advance(self, until: int) -> Clock:
        """Grant simulated time up to an instant (UTC ns) and return where the simulator stopped.

        All frames up to there have gone to ``on_frames``. Only the simulator knows this.

        Raises
        ------
        VenueUnavailable
            The connection was lost; how far time went is not known.
        """
        async with self._granting:
            await self.live()
            self._granted = asyncio.get_running_loop().create_future()
            try:
                await self._send({"action": "advance", "until": until})
                return await self._granted
            finally:
                self._granted = None

    async def _serve(self) -> None:
        await self._authenticate()
        held = await self._subscribe_all()
        now = self._clock()
        if self._covered_until is not None:
            gap = Gap(self._covered_until, now)
            _log.warning("data may be missing over %.3f s", (now - gap.start_ns) / 1e9)
            self._on_gap(gap)
        self._covered_until = now
        if self._silence is not None:
            self._silence.begin(now)
        self._socket.begin()
        if held:
            self._deliver(held)
        watch = asyncio.create_task(self._watch())
        try:
            await self._read()
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def _subscribe_all(self) -> list[Heard]:
        """Subscribe to what is desired; return the frames of data that came before the answer.

        What is changed meanwhile is asked for before this returns.
        """
        held: list[Heard] = []
        sent: dict[str, set[str]] = {channel: set() for channel in CHANNELS}
        while sent != self._desired:
            added = {channel: self._desired[channel] - names for channel, names in sent.items()}
            taken = {channel: names - self._desired[channel] for channel, names in sent.items()}
            sent = {channel: set(names) for channel, names in self._desired.items()}
            for action, symbols in (("subscribe", added), ("unsubscribe", taken)):
                if any(symbols.values()):
                    await self._send(change(action, symbols))
                    self.subscription = await self._acknowledgement(held)
        return held

    async def _acknowledgement(self, held: list[Heard]) -> Subscription:
        async with asyncio.timeout(self._patience.reply_secs):
            while True:
                frame = await self._socket.receive()
                if not is_control(frame):
                    held.append((frame, self._clock()))
                    continue
                for control in self._controls(frame):
                    if isinstance(control, Subscription):
                        return control
                    if isinstance(control, StreamError):
                        raise self._failure(control)

    async def _read(self) -> None:
        """Take what comes, all that has come at once, until the connection is lost."""
        hearing = asyncio.create_task(self._hear())
        try:
            while not hearing.done():
                await self._has_heard.wait()
                self._has_heard.clear()
                self.flush()
                while self._heard:
                    frame, _ = self._heard.popleft()
                    for control in self._controls(frame):
                        self._obey(control)
                    self.flush()
            hearing.result()
        finally:
            self._heard.clear()
            hearing.cancel()
            with suppress(asyncio.CancelledError, VenueUnavailable):
                await hearing

    async def _hear(self) -> None:
        """Note every frame with its arrival; those that are there already take no turn each."""
        try:
            while True:
                frame = await self._socket.receive()
                self._heard.append((frame, self._clock()))
                self._has_heard.set()
        finally:
            self._has_heard.set()

    def flush(self) -> None:
        """Have the frames delivered that have come by now, up to a message of the session."""
        frames: list[Heard] = []
        while self._heard and not is_control(self._heard[0][0]):
            frames.append(self._heard.popleft())
        if frames:
            self._deliver(frames)

    def _deliver(self, frames: Sequence[Heard]) -> None:
        _, received_ns = frames[-1]
        self._covered_until = received_ns
        self._socket.prove()
        if self._silence is not None:
            for _, heard_ns in frames:
                self._silence.heard(heard_ns)
        self._on_frames(frames)

    def _obey(self, control: Control) -> None:
        match control:
            case Subscription():
                self.subscription = control
                if self._acknowledged is not None and not self._acknowledged.done():
                    self._acknowledged.set_result(None)
            case Clock():
                if self._granted is not None and not self._granted.done():
                    self._granted.set_result(control)
            case StreamError():
                self._obey_error(control)
            case _:
                pass

    def _obey_error(self, error: StreamError) -> None:
        what = remedy(error.code)
        if what in {Remedy.STOP, Remedy.RECONNECT, Remedy.AUTHENTICATE}:
            raise self._failure(error)
        if what is not Remedy.IGNORE:
            _log.warning(self._error_text(error))
            if self._acknowledged is not None and not self._acknowledged.done():
                self._acknowledged.set_exception(
                    VenueRejected(self._error_text(error), code=error.code)
                )

    async def _watch(self) -> None:
        """Give a mute socket up, and tell mute symbols once each time."""
        while self._silence is not None:
            await asyncio.sleep(self._patience.check_secs)
            now = self._clock()
            if any(self._desired.values()) and self._silence.is_socket_mute(now):
                self._socket.abort("connected but mute: no data although the market is open")
                return
            muted = self._silence.mute_symbols(now)
            if fresh := tuple(symbol for symbol in muted if symbol not in self._muted):
                _log.warning("no data for %s", ", ".join(fresh))
                self._on_mute(fresh)
            self._muted = muted

    async def _change(self, action: str, changes: dict[str, set[str]]) -> None:
        async with self._changing:
            if not any(changes.values()):
                return
            self._apply(action, changes)
            if self._covered_until is None:
                return
            try:
                await self._ask(action, changes)
            except VenueRejected:
                self._apply("unsubscribe" if action == "subscribe" else "subscribe", changes)
                raise

    def _apply(self, action: str, changes: dict[str, set[str]]) -> None:
        for channel, names in changes.items():
            if action == "subscribe":
                self._desired[channel] |= names
            else:
                self._desired[channel] -= names

    async def _ask(self, action: str, changes: dict[str, set[str]]) -> None:
        """Send a change and wait for its answer; a new connection is an answer, too."""
        if self._socket.is_live:
            self._acknowledged = asyncio.get_running_loop().create_future()
            try:
                await self._send(change(action, changes))
                async with asyncio.timeout(self._patience.reply_secs):
                    await self._acknowledged
            except TimeoutError:
                self._socket.abort(f"{action} was not acknowledged")
            except VenueUnavailable:
                self._socket.abort(f"lost before {action} was acknowledged")
            finally:
                self._acknowledged = None
        await self.live()

    def _lost(self, why: VenueUnavailable) -> None:
        """Tell everybody who waits on this connection that it is gone."""
        for waiting in (self._acknowledged, self._granted):
            if waiting is not None and not waiting.done():
                waiting.set_exception(why)
