"""The market-data session against a server that follows, and breaks, Alpaca's protocol."""

from __future__ import annotations

import asyncio
import csv
import logging
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.alpaca.kept_socket import Phase, StreamState
from adapters.alpaca.silence import Silence
from adapters.alpaca.stream import MarketStream
from adapters.alpaca.stream_errors import Remedy, advice, remedy
from adapters.alpaca.stream_messages import Gap, is_control
from adapters.alpaca.wire.market import FrameDecoder
from engine.domain.errors import ConfigError, VenueRejected, VenueUnavailable
from tests.adapters.alpaca.scripted_socket import (
    CREDENTIALS,
    QUICK,
    Peer,
    Stage,
    plain_server,
    running,
    stage,
    until,
)

NOON = datetime(2026, 9, 18, 16, tzinfo=UTC)
CODECS = pytest.mark.parametrize("codec", ["msgpack", "json"])


def trade(number: int = 1, symbol: str = "AAPL") -> dict[str, Any]:
    return {
        "T": "t",
        "S": symbol,
        "i": number,
        "x": "V",
        "p": 100.25,
        "s": 10,
        "c": ["@"],
        "t": NOON,
        "z": "C",
    }


def error(code: int, text: str = "no") -> dict[str, Any]:
    return {"T": "error", "code": code, "msg": text}


class Client:
    """A stream with everything it told."""

    def __init__(self, url: str, **kwargs: Any) -> None:
        self.told: list[Gap | bytes | str] = []
        self.states: list[StreamState] = []
        self.muted: list[tuple[str, ...]] = []
        self.stream = MarketStream(
            url,
            CREDENTIALS,
            on_frame=lambda frame, _: self.told.append(frame),
            on_gap=self.told.append,
            on_state=self.states.append,
            on_mute=self.muted.append,
            **{"patience": QUICK, **kwargs},
        )

    @property
    def frames(self) -> list[bytes | str]:
        """Frames of data without the gaps."""
        return [frame for frame in self.told if not isinstance(frame, Gap)]

    def trades(self) -> list[int]:
        """Return the number of trades of each frame."""
        decoder = FrameDecoder()
        batches = [decoder.decode(frame, 1).trades for frame in self.frames]
        return [len(batch) if batch else 0 for batch in batches]

    def reasons(self) -> str:
        """Return every reason that was told."""
        return " ".join(state.reason for state in self.states)


def play[T](scenario: Callable[[], Awaitable[T]]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(60):
            return await scenario()

    return asyncio.run(bounded())


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


def test_a_connection_limit_is_asked_again_on_the_same_socket() -> None:
    async def scene(peer: Peer) -> None:
        await peer.send({"T": "success", "msg": "connected"})
        for _ in range(3):
            await peer.receive()
            await peer.send(error(406, "connection limit exceeded"))
        await peer.receive()
        await peer.send({"T": "success", "msg": "authenticated"})
        await peer.stay()

    async def scenario() -> None:
        async with stage(scene) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await client.stream.live()
            assert len(venue.peers) == 1
            assert [message["action"] for message in venue.peers[0].heard] == ["auth"] * 4
            assert "another session of this account" in client.reasons()

    play(scenario)


def test_a_connection_limit_that_stays_leads_to_another_connection() -> None:
    async def blocked(peer: Peer) -> None:
        await peer.send({"T": "success", "msg": "connected"})
        while True:
            await peer.receive()
            await peer.send(error(406, "connection limit exceeded"))

    async def scenario() -> None:
        async with stage(blocked, blocked, Peer.welcome) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await until(lambda: len(venue.peers) >= 3)
            assert len(venue.peers[0].heard) == QUICK.auth_retries + 1

    play(scenario)


@pytest.mark.parametrize(
    ("code", "remedy_text"),
    [
        (402, "check APCA_API_KEY_ID"),
        (409, "choose iex or upgrade"),
        (411, "scope"),
        (408, "version"),
    ],
)
def test_what_only_a_person_can_remedy_ends_the_session(code: int, remedy_text: str) -> None:
    async def scene(peer: Peer) -> None:
        await peer.send({"T": "success", "msg": "connected"})
        await peer.receive()
        await peer.send(error(code, f"echo of {CREDENTIALS.secret}"))
        await peer.stay()

    async def scenario() -> None:
        async with stage(scene) as venue:
            client = Client(venue.url)
            with pytest.raises(VenueRejected, match=remedy_text) as told:
                await client.stream.run()
            assert told.value.code == code
            assert CREDENTIALS.secret not in f"{told.value} {client.reasons()}"
            assert client.stream.state.phase is Phase.REFUSED
            for asking in (client.stream.live(), client.stream.advance(1)):
                with pytest.raises(VenueRejected):
                    await asking
            assert len(venue.peers) == 1

    play(scenario)


@pytest.mark.parametrize("code", [401, 404, 407, 500, 499])
def test_a_failed_handshake_is_tried_again(code: int) -> None:
    async def failing(peer: Peer) -> None:
        await peer.send({"T": "success", "msg": "connected"})
        await peer.receive()
        await peer.send(error(code))
        await peer.stay()

    async def scenario() -> None:
        async with stage(failing, _welcome_and_stay) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await client.stream.live()
            assert len(venue.peers) == 2
            assert advice(code) in client.reasons()

    play(scenario)


async def _welcome_and_stay(peer: Peer) -> None:
    await peer.welcome()
    await peer.stay()


def test_the_policy_knows_every_documented_code(shared: Path) -> None:
    table = (shared / "fixtures/alpaca/tables/stream_error_codes.csv").read_text()
    codes = [int(row["code"]) for row in csv.DictReader(table.splitlines())]
    assert len(codes) == 15
    assert not [code for code in codes if remedy(code) is Remedy.UNKNOWN]


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
            silence = Silence(0.5, lambda _: is_open[0])
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


def test_a_handshake_that_hangs_and_garbage_are_survived() -> None:
    async def hanging(peer: Peer) -> None:
        await peer.stay()

    async def garbage(peer: Peer) -> None:
        await peer.socket.send(b"\x91\xc1 not msgpack")
        await peer.stay()

    async def scenario() -> None:
        patience = msgspec.structs.replace(QUICK, reply_secs=0.3)
        async with stage(hanging, garbage, _welcome_and_stay) as venue:
            client = Client(venue.url, patience=patience)
            async with running(client.stream):
                await client.stream.live()
            assert len(venue.peers) == 3
            assert "no reply within 0.3 s" in client.reasons()

    play(scenario)


def test_a_huge_frame_ends_the_connection_not_the_session() -> None:
    async def huge(peer: Peer) -> None:
        await peer.begin()
        await peer.socket.send(bytes(17 << 20))
        await peer.stay()

    async def scenario() -> None:
        async with stage(huge, Peer.begin, compression=None) as venue:
            client = Client(venue.url)
            await client.stream.subscribe({"trades": ["AAPL"]})
            async with running(client.stream):
                await until(lambda: any(isinstance(told, Gap) for told in client.told))
            assert "1009" in client.reasons()

    play(scenario)


@pytest.mark.parametrize(
    ("status", "text"), [(401, "check the keys"), (404, "check the address and the feed")]
)
def test_a_handshake_refused_over_http_ends_the_session(status: int, text: str) -> None:
    async def scenario() -> None:
        answer = lambda socket, _: socket.respond(HTTPStatus(status), "no")  # noqa: E731
        async with stage(_welcome_and_stay, gate=answer) as venue:
            with pytest.raises(VenueRejected, match=text) as told:
                await Client(venue.url).stream.run()
            assert told.value.status == status

    play(scenario)


@pytest.mark.parametrize("status", [429, 502])
def test_a_busy_server_is_tried_again(status: int) -> None:
    async def scenario() -> None:
        refusals = iter([HTTPStatus(status)] * 3)

        def gate(socket: Any, _: object) -> Any:
            refusal = next(refusals, None)
            return socket.respond(refusal, "<html>later</html>") if refusal else None

        async with stage(_welcome_and_stay, gate=gate) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await client.stream.live()
            assert client.reasons().count(f"HTTP {status}") == 3

    play(scenario)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("ws://127.0.0.1:1/v2/iex", "nothing listens there"),
        ("ws://no-such-host.invalid/v2/iex", "DNS: the name cannot be resolved"),
    ],
)
def test_an_unreachable_server_is_a_clear_state_and_no_end(url: str, text: str) -> None:
    async def scenario() -> None:
        client = Client(url)
        async with running(client.stream) as task:
            await until(lambda: client.reasons().count(text) >= 2)
            assert not task.done()

    play(scenario)


def test_a_server_without_tls_is_a_clear_state() -> None:
    async def scenario() -> None:
        async with plain_server() as port:
            client = Client(f"wss://127.0.0.1:{port}/v2/iex")
            async with running(client.stream):
                await until(lambda: "TLS failed" in client.reasons())

    play(scenario)


def test_a_certificate_nobody_signed_is_a_clear_state(certificate: ssl.SSLContext) -> None:
    async def scenario() -> None:
        async with stage(_welcome_and_stay, tls=certificate) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await until(lambda: "the certificate is not valid" in client.reasons())
            assert not venue.peers

    play(scenario)


def test_keys_are_in_no_log_even_when_everything_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scene(peer: Peer) -> None:
        await peer.begin()
        await peer.socket.close(1008, CREDENTIALS.secret)

    async def scenario() -> Stage:
        async with stage(scene, _welcome_and_stay) as venue:
            client = Client(venue.url)
            await client.stream.subscribe({"trades": ["AAPL"]})
            async with running(client.stream):
                await until(lambda: "1008" in client.reasons())
            assert CREDENTIALS.secret not in client.reasons()
            return venue

    with caplog.at_level(logging.DEBUG):
        play(scenario)
    ours = [record for record in caplog.records if record.name != "websockets.server"]
    assert ours
    shown = " ".join(record.getMessage() for record in ours)
    assert CREDENTIALS.secret not in shown
    assert CREDENTIALS.key_id not in shown


def test_what_a_consumer_raises_ends_the_session() -> None:
    async def scene(peer: Peer) -> None:
        await peer.begin()
        await peer.send(trade(1))
        await peer.stay()

    async def scenario() -> None:
        async with stage(scene) as venue:

            def fail(*_: object) -> None:
                raise ZeroDivisionError("a bug of ours")

            stream = MarketStream(venue.url, CREDENTIALS, on_frame=fail, on_gap=fail)
            await stream.subscribe({"trades": ["AAPL"]})
            with pytest.raises(ZeroDivisionError):
                await stream.run()
            assert stream.state.phase is Phase.CLOSED

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
