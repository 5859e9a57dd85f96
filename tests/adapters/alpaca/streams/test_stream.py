"""The market-data session against a server that follows Alpaca's protocol and loses connections."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.alpaca.streams.messages import Gap, is_control
from adapters.transport.kept_socket import Phase
from adapters.transport.silence import Silence
from engine.domain.errors import ConfigError, VenueRejected, VenueUnavailable
from tests.adapters.alpaca.data.market_client import CODECS, NOON, Client, error, play, trade
from tests.adapters.alpaca.streams.scripted_socket import (
    Peer,
    running,
    stage,
    until,
)


@CODECS
def test_frames_come_as_they_were_sent_and_control_is_kept_back(codec: str) -> None:
    async def scene(peer: Peer) -> None:
        assert peer.is_binary == (codec == "msgpack")
        asked = await peer.begin()
        assert asked == {"action": "subscribe", "trades": ["AAPL", "MSFT"], "statuses": ["*"]}
        await peer.send(trade(1), trade(2))
        await peer.send(trade(3))
        await peer.stay()

    async def scenario() -> None:
        async with stage(scene) as venue:
            client = Client(venue.url, codec=codec)
            await client.stream.subscribe({"trades": ["MSFT", "AAPL"], "statuses": ["*"]})
            async with running(client.stream):
                await client.stream.live()
                await until(lambda: len(client.told) == 2)
            assert client.trades() == [2, 1]
            assert client.stream.subscription.trades == ("AAPL", "MSFT")
            phases = [state.phase for state in client.states]
            assert phases == [Phase.CONNECTING, Phase.LIVE, Phase.CLOSED]

    play(scenario)


@CODECS
def test_fragmented_and_compressed_frames_are_whole(codec: str) -> None:
    messages = [trade(n, f"S{n % 700}") for n in range(2000)]

    async def scene(peer: Peer) -> None:
        await peer.begin()
        assert peer.socket.protocol.extensions
        data = peer.encode(messages)
        cuts = range(0, len(data), 32768)
        await peer.socket.send(iter([*(data[cut : cut + 32768] for cut in cuts), data[:0]]))
        await peer.stay()

    async def scenario() -> None:
        async with stage(scene) as venue:
            client = Client(venue.url, codec=codec)
            await client.stream.subscribe({"trades": ["*"]})
            async with running(client.stream):
                await until(lambda: client.told)
            assert client.trades() == [2000]

    play(scenario)


def test_a_subscription_of_the_whole_market_is_one_message() -> None:
    symbols = [f"SYM{n}" for n in range(11_000)]

    async def scenario() -> None:
        async with stage(_quiet) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await client.stream.live()
                await client.stream.subscribe({"trades": symbols})
                assert len(client.stream.subscription.trades) == 11_000
            assert len(venue.peers[0].heard) == 2

    async def _quiet(peer: Peer) -> None:
        await peer.welcome()
        while True:
            await peer.acknowledge()

    play(scenario)


def test_a_gap_is_announced_before_anything_of_the_new_connection() -> None:
    async def first(peer: Peer) -> None:
        await peer.begin()
        await peer.send(trade(1))
        await peer.socket.close(1011, "internal error")

    async def second(peer: Peer) -> None:
        await peer.welcome()
        assert (await peer.receive())["trades"] == ["AAPL"]
        await peer.send(trade(2), trade(3))  # data may start before the acknowledgement
        await peer.send({"T": "subscription", "trades": ["AAPL"]})
        await peer.send(trade(4), trade(5), trade(6))
        await peer.stay()

    async def scenario() -> None:
        async with stage(first, second) as venue:
            ticks = iter(range(1000, 100_000))
            client = Client(venue.url, clock=lambda: next(ticks))
            await client.stream.subscribe({"trades": ["AAPL"]})
            async with running(client.stream):
                await until(lambda: len(client.told) == 4)
            gap = client.told[1]
            assert isinstance(gap, Gap)
            assert gap.start_ns < gap.end_ns
            assert client.trades() == [1, 2, 3]
            assert "1011 internal error" in client.reasons()

    play(scenario)


def test_a_mute_socket_is_given_up_while_the_market_is_open() -> None:
    async def mute(peer: Peer) -> None:
        await peer.begin()
        await peer.send(trade(1))
        await peer.stay()

    async def speaking(peer: Peer) -> None:
        await peer.begin()
        while True:
            await peer.send(trade(2))
            await asyncio.sleep(0.01)

    async def scenario() -> None:
        async with stage(mute, speaking) as venue:
            is_open = [False]
            silence = Silence(0.02, lambda _: is_open[0])
            client = Client(venue.url, silence=silence)
            await client.stream.subscribe({"trades": ["AAPL"]})
            async with running(client.stream):
                await until(lambda: client.told)
                await asyncio.sleep(1)
                assert len(venue.peers) == 1
                is_open[0] = True
                await until(lambda: len(client.frames) > 3)
            assert isinstance(client.told[1], Gap)
            assert "connected but mute" in client.reasons()

    play(scenario)


def test_a_mute_symbol_is_told_once_while_others_speak() -> None:
    async def scene(peer: Peer) -> None:
        await peer.begin()
        while True:
            await peer.send(trade(1, "MSFT"))
            await asyncio.sleep(0.01)

    async def scenario() -> None:
        async with stage(scene) as venue:
            silence = Silence(60, lambda _: True)
            client = Client(venue.url, silence=silence)
            await client.stream.subscribe({"trades": ["AAPL", "MSFT"]})
            silence.watch("AAPL", 0.05, client.stream.state.since_ns)
            async with running(client.stream):
                await until(lambda: client.muted)
                await until(lambda: len(client.frames) > 20)
            assert client.muted == [("AAPL",)]
            assert len(venue.peers) == 1

    play(scenario)


def test_subscriptions_change_and_a_refused_one_leaves_the_rest() -> None:
    async def first(peer: Peer) -> None:
        assert (await peer.begin())["trades"] == ["AAPL"]
        assert await peer.receive() == {"action": "subscribe", "trades": ["bad symbol"]}
        await peer.send(error(400, "invalid syntax"))
        assert await peer.receive() == {"action": "subscribe", "quotes": ["MSFT"]}
        await peer.send({"T": "subscription", "trades": ["AAPL"], "quotes": ["MSFT"]})
        assert await peer.receive() == {"action": "unsubscribe", "trades": ["AAPL"]}
        await peer.send({"T": "subscription", "quotes": ["MSFT"]})
        await peer.socket.close(1000)

    async def second(peer: Peer) -> None:
        assert await peer.begin() == {"action": "subscribe", "quotes": ["MSFT"]}
        await peer.stay()

    async def scenario() -> None:
        async with stage(first, second) as venue:
            client = Client(venue.url)
            await client.stream.subscribe({"trades": ["AAPL"]})
            async with running(client.stream):
                await client.stream.live()
                with pytest.raises(VenueRejected, match="not well-formed") as told:
                    await client.stream.subscribe({"trades": ["bad symbol", "AAPL"]})
                assert told.value.code == 400
                await client.stream.subscribe({"quotes": ["MSFT"]})
                await client.stream.unsubscribe({"trades": ["AAPL"]})
                await until(lambda: len(venue.peers) == 2 and len(venue.peers[1].heard) == 2)

    play(scenario)


def test_a_subscription_whose_answer_is_lost_is_there_after_the_reconnect() -> None:
    async def first(peer: Peer) -> None:
        await peer.begin()
        await peer.receive()
        peer.socket.transport.abort()

    async def second(peer: Peer) -> None:
        assert (await peer.begin())["trades"] == ["AAPL", "MSFT"]
        await peer.stay()

    async def scenario() -> None:
        async with stage(first, second) as venue:
            client = Client(venue.url)
            await client.stream.subscribe({"trades": ["AAPL"]})
            async with running(client.stream):
                await client.stream.live()
                await client.stream.subscribe({"trades": ["MSFT"]})
                assert client.stream.subscription.trades == ("AAPL", "MSFT")
            assert len(venue.peers) == 2

    play(scenario)


def test_what_is_subscribed_during_the_handshake_is_not_forgotten() -> None:
    async def scenario() -> None:
        asked = asyncio.Event()

        async def scene(peer: Peer) -> None:
            await peer.welcome()
            await peer.receive()
            asked.set()
            await asyncio.sleep(0.05)
            await peer.send({"T": "subscription", "trades": ["AAPL"]})
            assert await peer.acknowledge() == {"action": "subscribe", "trades": ["MSFT"]}
            await peer.stay()

        async with stage(scene) as venue:
            client = Client(venue.url)
            await client.stream.subscribe({"trades": ["AAPL"]})
            async with running(client.stream):
                await asked.wait()
                await client.stream.subscribe({"trades": ["MSFT"]})
                await client.stream.live()
            assert len(venue.peers[0].heard) == 3

    play(scenario)


@CODECS
def test_granted_time_comes_back_after_its_frames(codec: str) -> None:
    async def scene(peer: Peer) -> None:
        await peer.begin()
        for updates in (0, 2):
            asked = await peer.receive()
            assert asked == {"action": "advance", "until": 1_789_750_800_000_000_000}
            await peer.send(trade(1))
            await peer.send({"T": "clock", "t": NOON, "u": updates})
        await peer.receive()
        peer.socket.transport.abort()

    async def scenario() -> None:
        async with stage(scene) as venue:
            client = Client(venue.url, codec=codec)
            await client.stream.subscribe({"trades": ["AAPL"]})
            async with running(client.stream):
                until_ns = 1_789_750_800_000_000_000
                first = await client.stream.advance(until_ns)
                assert (first.ts, first.updates) == (int(NOON.timestamp()) * 10**9, 0)
                assert len(client.frames) == 1
                assert (await client.stream.advance(until_ns)).updates == 2
                assert len(client.frames) == 2
                with pytest.raises(VenueUnavailable):
                    await client.stream.advance(until_ns)

    play(scenario)


def test_control_and_data_frames_are_told_apart(shared: Path) -> None:
    stored = sorted((shared / "fixtures/alpaca/stream/msgpack").glob("*.msgpack"))
    control = {path.stem[3:] for path in stored if is_control(path.read_bytes())}
    assert control == {"success", "subscription", "error"}
    assert len(stored) == 12
    assert is_control('[ {"T" : "error", "code": 406, "msg": "x"}]')
    assert is_control(b'[{"T":"clock"}]')
    assert not is_control('[{"T":"n","headline":"\\"T\\":\\"error\\""}]')


def test_an_unknown_codec_is_refused() -> None:
    with pytest.raises(ConfigError, match="msgpack, json"):
        Client("ws://127.0.0.1:1", codec="xml")
