"""A receiver that counts gets every row once, in order, whatever becomes of its connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.streams.relay_stream import START_OF_DAY, RelayStream
from adapters.alpaca.wire.market import Frame
from adapters.alpaca.wire.relay_messages import Mark
from adapters.transport.kept_socket import Patience
from catalog.spool import BlockWriter
from cluster.relay import Waiting
from cluster.slots import places_of, slots_of
from engine.domain.market_data.blocks import Block, Gap
from tests.adapters.alpaca.wire.frames import ARRIVED, msgpack_frame
from tests.cluster.relay_in_thread import KEY, RelayInThread

SYMBOLS = ("A", "AAPL", "BRK.B", "F", "MSFT", "S", "SNAP", "SPY", "TSLA", "ZM")
_PATIENT = Patience(first_retry_secs=0.01, longest_retry_secs=0.02)

_LAST = 2
"""Life of the relay in which all is waited for."""

type Row = tuple[str, int, int]
"""Symbol, size (its number) and arrival."""


class Heard:
    """What a receiver was handed, in order."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.marks: list[tuple[int, int]] = []
        self.gaps: list[Gap] = []

    def frame(self, frame: Frame) -> None:
        """Take rows."""
        batch = frame.trades
        assert batch is not None
        sizes = (batch.size // 1_000_000).tolist()
        names = [batch.symbols[k] for k in batch.symbol_id.tolist()]
        self.rows += zip(names, sizes, batch.ts_init.tolist(), strict=True)

    def mark(self, mark: Mark) -> None:
        """Take a mark, and how many rows had come by then."""
        self.marks.append((mark.ts, len(self.rows)))

    def is_marked(self, ts: int) -> bool:
        """Say whether an instant was the last that was marked."""
        return bool(self.marks) and self.marks[-1][0] == ts

    def is_all(self, expected: list[Row]) -> None:
        """See that it is all there was, each row before the mark that says so."""
        assert self.rows == expected
        for ts, rows in self.marks:
            assert rows >= sum(arrived < ts for *_, arrived in expected)
        assert not self.gaps


def receiver(relay: RelayInThread, prefixes: list[str], heard: Heard) -> RelayStream:
    return RelayStream(
        f"{relay.url}/v2/sip", Credentials(KEY.key, KEY.secret), prefixes,
        on_frame=heard.frame, on_mark=heard.mark, on_gap=heard.gaps.append,
        since=START_OF_DAY, patience=_PATIENT,
    )  # fmt: skip


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.002)


class Tape:
    """Rows by chance, as they are handed to a relay."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self.rows: list[Row] = []
        self.now = ARRIVED

    def hear(self, relay: RelayInThread) -> None:
        """Have some frames arrive, and mark the instant behind them now and then."""
        for _ in range(int(self._rng.integers(1, 12))):
            self.now += int(self._rng.integers(0, 5)) * 1_000_000
            said: list[dict[str, object]] = []
            for _ in range(int(self._rng.integers(1, 6))):
                symbol = SYMBOLS[int(self._rng.integers(len(SYMBOLS)))]
                number = len(self.rows) + 1
                said.append(
                    {"T": "t", "S": symbol, "i": number, "x": "V", "p": 1.0, "s": number,
                     "c": [], "t": self.now, "z": "A"}
                )  # fmt: skip
                self.rows.append((symbol, number, self.now))
            relay.hear(msgpack_frame(said), self.now)
            if self._rng.random() < 0.3:
                self.now += 1_000_000
                relay.mark(self.now)

    def of(self, prefixes: list[str]) -> list[Row]:
        """Return the rows of some slots."""
        slots = slots_of(",".join(prefixes)) or ()
        places = places_of([symbol for symbol, *_ in self.rows]).tolist()
        pairs = zip(self.rows, places, strict=True)
        return [row for row, at in pairs if any(s.first <= at <= s.last for s in slots)]


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_missing_or_twice_though_sockets_and_relays_die(
    tmp_path: Path, seed: int
) -> None:
    rng, tape = np.random.default_rng(1_000 + seed), Tape(seed)
    wanted = {"all": ["A-Z"], "some": ["A", "SN-SZ"]}
    heard = {name: Heard() for name in wanted}

    streams: dict[str, tuple[RelayStream, asyncio.Future[None]]] = {}

    def listen(relay: RelayInThread) -> None:
        for name, prefixes in wanted.items():
            stream = receiver(relay, prefixes, heard[name])
            streams[name] = stream, asyncio.ensure_future(stream.run())

    async def live(relay: RelayInThread) -> None:
        for _ in range(6):
            await asyncio.to_thread(tape.hear, relay)
            if not streams:  # the day has begun by then: it is sent from its start
                listen(relay)
            chance = rng.random()
            if chance < 0.4:
                await asyncio.to_thread(relay.cut)
            elif chance < 0.6:
                streams["all"][0].reconnect("by chance")

    async def run() -> None:
        port = 0
        for life in range(_LAST + 1):
            with RelayInThread(tmp_path, Waiting(), port) as relay:
                port = int(relay.url.rpartition(":")[2])
                await live(relay)
                if life == _LAST:
                    tape.now += 1_000_000
                    await until(lambda: all(stream.is_live for stream, _ in streams.values()))
                    relay.mark(tape.now)
                    await until(lambda: all(each.is_marked(tape.now) for each in heard.values()))
        await asyncio.gather(*(stream.close() for stream, _ in streams.values()))
        await asyncio.gather(*(running for _, running in streams.values()))
        assert sum(stream.replayed for stream, _ in streams.values()) >= 4

    asyncio.run(run())
    for name, prefixes in wanted.items():
        heard[name].is_all(tape.of(prefixes))


def test_a_day_is_sent_again_whole_and_its_last_mark_comes_behind_it(tmp_path: Path) -> None:
    """Quotes of a slow reader are left out as they come, never when a day is sent again."""
    quote = {"T": "q", "bx": "V", "bp": 1.0, "ax": "V", "ap": 2.0, "as": 1, "c": ["R"], "z": "A"}
    row = quote | {"S": "A", "bs": 1, "t": ARRIVED}
    count, each, few = 4_000, 100, 50_000  # more than sockets and the reader's queue hold
    with BlockWriter(tmp_path) as earlier:
        for number in range(1, count + 1):
            earlier.append(Block(1, number, ARRIVED + number, msgpack_frame([row] * each)))
    marks: list[int] = []
    quotes: list[int] = []
    with RelayInThread(tmp_path, Waiting(few=few, most=100_000_000)) as relay:
        relay.mark(ARRIVED + count + 1)

        def is_held_up() -> bool:
            (state,) = relay.state()["receivers"]
            return state["waiting_bytes"] > few // 4 or len(quotes) > each

        async def run() -> None:
            def take(frame: Frame) -> None:
                assert frame.quotes is not None
                assert not marks
                quotes.extend(frame.quotes.ts_init.tolist())

            stream = RelayStream(
                f"{relay.url}/v2/sip", Credentials(KEY.key, KEY.secret), ["A"],
                on_frame=take, on_mark=lambda mark: marks.append(mark.ts),
                on_gap=lambda gap: pytest.fail(f"{gap}"), has_room=lambda: until(is_held_up),
                patience=_PATIENT,
            )  # fmt: skip
            running = asyncio.ensure_future(stream.run())
            await until(lambda: bool(marks))
            await stream.close()
            await running

        asyncio.run(run())
    assert quotes == [ARRIVED + number for number in range(1, count + 1) for _ in range(each)]
    assert marks == [ARRIVED + count + 1]
