"""Whatever fails, what was put comes to stand in its stream once and in order."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.outbox import Outbox
from cluster.streams.memory import MemoryStreams
from cluster.streams.port import START, At, Entry
from engine.domain.errors import StreamsDenied, StreamsUnavailable


class _Skips(selectors.DefaultSelector):
    """Lets waits pass at once."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready now; time goes on by what would have been waited."""
        found = super().select(0)
        if not found and timeout:
            self.skipped += timeout
        return found


class _SkippingLoop(asyncio.SelectorEventLoop):
    """Its clock goes as far as whoever waits first."""

    def __init__(self) -> None:
        self._skips = _Skips()
        super().__init__(self._skips)

    def time(self) -> float:
        """Return the seconds that have been waited for."""
        return self._skips.skipped


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(86_400):
            await test

    with asyncio.Runner(loop_factory=_SkippingLoop) as runner:
        runner.run(bounded())


class Unreliable(MemoryStreams):
    """Fails before or after it did what it was asked, and loses all or the last, by chance."""

    def __init__(self, seed: int, *, loses: bool) -> None:
        super().__init__()
        self.is_calm = False
        self.always_fails = False
        self.losses = 0
        self.denied = ""
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self._random = Random(seed)
        self._loses = loses
        self._has_lost = False
        self._outages = 0

    async def append(self, stream: str, at: At, data: bytes) -> bool:
        """Add an entry, if chance will have it."""
        if stream == self.denied:
            raise StreamsDenied("as it was told")
        await self.goes_on.wait()
        losses, outages = self.losses, self._outages
        await self._befall()
        self._notice()
        if (losses, outages) != (self.losses, self._outages):
            raise StreamsUnavailable("it has lost what it held, or all connections to it broke")
        is_added = await super().append(stream, at, data)
        await self._befall()
        return is_added

    async def get(self, name: str) -> bytes | None:
        """Return a value, if chance will have it."""
        await self._befall()
        self._notice()
        return await super().get(name)

    async def everything(self, stream: str) -> list[Entry]:
        """Return all of a stream, whatever chance will have."""
        return await super().read({stream: START}, 0)

    async def read(self, after: Mapping[str, At], wait_secs: float) -> list[Entry]:
        """Refuse: nobody reads here."""
        raise NotImplementedError

    def _notice(self) -> None:
        self.losses += self._has_lost
        self._has_lost = False

    async def _befall(self) -> None:
        if self.always_fails:
            raise StreamsUnavailable("as it was told")
        if self.is_calm:
            return
        if self._random.random() < 0.3:
            await asyncio.sleep(self._random.random())
        if self._loses and self._random.random() < 0.05:
            self._entries.clear()
            self._has_lost = True
        if self._random.random() < 0.2:
            if self._loses and self._random.random() < 0.3:  # its machine has lost its power
                self._outages += 1
                for entries in self._entries.values():
                    del entries[-1:]
            raise StreamsUnavailable("chance")


_PUTS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40_000)), max_size=40)


@given(seed=st.integers(), puts=_PUTS, keep_secs=st.sampled_from([None, 60.0]), loses=st.booleans())
@settings(max_examples=150)
def test_all_that_was_put_and_is_kept_stands_there_once(
    seed: int, puts: list[tuple[str, int]], keep_secs: float | None, *, loses: bool
) -> None:
    async def test() -> None:
        streams, chance = Unreliable(seed, loses=loses), Random(seed)
        wanted: dict[str, list[Entry]] = {name: [] for name in "abc"}
        async with Outbox(streams, keep_secs=keep_secs) as outbox:
            for number, (name, step) in enumerate(puts):
                before = wanted[name][-1].at if wanted[name] else START
                at = At(before.major + step, before.minor + 1)
                assert outbox.put(name, at, b"%d" % number)
                assert not outbox.put(name, before if before > START else at, b"again")
                wanted[name].append(Entry(name, at, b"%d" % number))
                await asyncio.sleep(chance.choice([0, 0, 0.5, 3]))
            streams.is_calm = True
            await asyncio.sleep(10)  # an outbox that idles finds out within a second
            await outbox.drained()
            assert (outbox.waiting, outbox.issue, outbox.dropped) == (0, "", 0)
        for name, entries in wanted.items():
            found = await streams.everything(name)
            kept = entries
            if loses and keep_secs is not None and entries:
                oldest = entries[-1].at.major - keep_secs * 1000
                kept = [each for each in entries if each.at.major >= oldest]
                assert found == [each for each in entries if each in found]
            assert found[len(found) - len(kept) :] == kept
            assert len(found) <= len(entries)

    run(test())


def test_what_is_not_needed_any_more_goes_first_and_a_loss_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def test() -> None:
        streams = Unreliable(1, loses=False)
        streams.is_calm = True
        async with Outbox(streams, keep_secs=None, most_bytes=100) as outbox:
            for n in range(1, 11):
                outbox.put("sent", At(n), bytes(10))
            await outbox.drained()
            streams.always_fails = True
            for n in range(1, 11):
                outbox.put("waits", At(n), b"%d" % (n - 1) + bytes(9))
            await asyncio.sleep(1)
            assert (outbox.waiting, outbox.is_behind, outbox.dropped) == (10, True, 0)
            assert "kept any longer to be sent again" in caplog.text
            outbox.put("waits", At(11), bytes(10))
            assert (outbox.waiting, outbox.dropped) == (10, 1)
            assert "sent at all" in caplog.text
            streams.always_fails = False
            await outbox.drained()
            assert len(await streams.everything("sent")) == 10
            assert [each.at.major for each in await streams.everything("waits")] == [*range(2, 12)]

    run(test())


def test_a_stream_that_is_denied_holds_up_no_other_and_outlasts_what_was_sent() -> None:
    async def test() -> None:
        streams = Unreliable(1, loses=False)
        streams.is_calm, streams.denied = True, "denied"
        async with Outbox(streams, most_bytes=100) as outbox:
            for n in range(1, 6):
                outbox.put("denied", At(n), bytes(10))
            for n in range(1, 21):
                outbox.put("sent", At(n), bytes(10))
                await asyncio.sleep(3)
            assert (outbox.waiting, outbox.is_behind, outbox.dropped) == (5, True, 0)
            streams.denied = ""
            await outbox.drained()
            assert len(await streams.everything("denied")) == 5
            assert len(await streams.everything("sent")) == 20

    run(test())


def test_an_entry_that_is_dropped_while_it_is_sent_takes_no_other_along() -> None:
    async def test() -> None:
        streams = Unreliable(1, loses=False)
        streams.is_calm = True
        streams.goes_on.clear()
        async with Outbox(streams, most_bytes=30) as outbox:
            outbox.put("stream", At(1), bytes(10))
            await asyncio.sleep(1)
            for n in (2, 3, 4):
                outbox.put("stream", At(n), bytes(10))
            streams.goes_on.set()
            await outbox.drained()
            assert len(await streams.everything("stream")) == 4

    run(test())


def test_an_error_of_ours_is_not_waited_out() -> None:
    raised: list[str] = []

    class Broken(MemoryStreams):
        async def append(self, stream: str, at: At, data: bytes) -> bool:
            raise TypeError(stream, at, data)

    async def test() -> None:
        async with Outbox(Broken()) as outbox:
            outbox.put("stream", At(1), b"")
            with pytest.raises(TypeError):
                await outbox.drained()
            raised.append("drained")
            with pytest.raises(TypeError):
                outbox.put("stream", At(2), b"")
            raised.append("put")

    with pytest.raises(TypeError):
        run(test())
    assert raised == ["drained", "put"]
