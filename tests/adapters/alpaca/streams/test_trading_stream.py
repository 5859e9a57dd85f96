"""The trade-updates session against a server that follows, and breaks, Alpaca's protocol."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.alpaca.streams.trading_stream import TradingStream
from adapters.alpaca.wire.trading import TradeUpdate, read_trading_message
from adapters.transport.kept_socket import Patience, Phase, StreamState
from engine.domain.errors import VenueRejected
from tests.adapters.alpaca.streams.scripted_socket import (
    CREDENTIALS,
    QUICK,
    Peer,
    running,
    stage,
    until,
)

CONNECTED = "connected"
AUTHORIZED = {
    "stream": "authorization",
    "data": {"status": "authorized", "action": "authenticate"},
}
LISTENING = {"stream": "listening", "data": {"streams": ["trade_updates"]}}


def update(event: str = "new") -> dict[str, Any]:
    order = {"id": "417b6eea", "client_order_id": "run-1-e", "status": event, "symbol": "AAPL"}
    return {"stream": "trade_updates", "data": {"event": event, "order": order}}


class Client:
    """A stream with everything it told, in order."""

    def __init__(self, url: str, patience: Patience = QUICK) -> None:
        self.told: list[bytes | str] = []
        self.states: list[StreamState] = []
        self.stream = TradingStream(
            url,
            CREDENTIALS,
            on_update=lambda frame, _: self.told.append(frame),
            on_connected=lambda: self.told.append(CONNECTED),
            on_state=self.states.append,
            patience=patience,
        )

    def reasons(self) -> str:
        """Return every reason that was told."""
        return " ".join(state.reason for state in self.states)


async def send(peer: Peer, message: object, *, binary: bool = True) -> None:
    text = json.dumps(message)
    await peer.socket.send(text.encode() if binary else text)


async def begin(peer: Peer) -> None:
    keys = {"key_id": CREDENTIALS.key_id, "secret_key": CREDENTIALS.secret}
    assert await peer.receive() == {"action": "authenticate", "data": keys}
    await send(peer, AUTHORIZED)
    listen = {"action": "listen", "data": {"streams": ["trade_updates"]}}
    assert await peer.receive() == listen
    await send(peer, LISTENING)


async def begin_and_stay(peer: Peer) -> None:
    await begin(peer)
    await peer.stay()


def play(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(300):
            await scenario()

    asyncio.run(bounded())


def test_updates_come_as_they_were_sent_as_bytes_or_text() -> None:
    async def scene(peer: Peer) -> None:
        await begin(peer)
        await send(peer, update("new"))
        await send(peer, update("fill"), binary=False)
        await send(peer, {"stream": "something_new", "data": {}})
        await send(peer, update("never_heard_of"))
        await peer.stay()

    async def scenario() -> None:
        async with stage(scene) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await client.stream.live()
                await until(lambda: len(client.told) == 4)
            events = [json.loads(frame)["data"]["event"] for frame in client.told[1:]]
            assert events == ["new", "fill", "never_heard_of"]

    play(scenario)


def test_every_connection_is_told_before_its_updates() -> None:
    async def first(peer: Peer) -> None:
        await begin(peer)
        await send(peer, update("new"))
        await peer.socket.close(1011)

    async def second(peer: Peer) -> None:
        await peer.receive()
        await send(peer, AUTHORIZED)
        await peer.receive()
        await send(peer, update("early"))
        await send(peer, LISTENING)
        await send(peer, update("late"))
        await peer.stay()

    async def scenario() -> None:
        async with stage(first, second) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await until(lambda: len(client.told) == 5)
            told = [
                one if one == CONNECTED else json.loads(one)["data"]["event"] for one in client.told
            ]
            assert told == [CONNECTED, "new", CONNECTED, "early", "late"]

    play(scenario)


def test_a_half_open_connection_is_noticed_by_its_heartbeat() -> None:
    async def half_open(peer: Peer) -> None:
        await begin(peer)
        peer.socket.transport.pause_reading()  # pings arrive and are never answered
        await peer.stay()

    async def scenario() -> None:
        patience = msgspec.structs.replace(QUICK, ping_secs=0.1, pong_secs=0.5)
        async with stage(half_open, begin_and_stay) as venue:
            client = Client(venue.url, patience)
            async with running(client.stream):
                await until(lambda: client.told.count(CONNECTED) >= 2)
            assert "keepalive ping timeout" in client.reasons()
            venue.peers[0].socket.transport.abort()

    play(scenario)


def test_wrong_keys_end_the_session_without_showing_them() -> None:
    async def scene(peer: Peer) -> None:
        await peer.receive()
        answer = {"status": "unauthorized", "action": "authenticate"}
        await send(peer, {"stream": "authorization", "data": answer})
        await peer.stay()

    async def scenario() -> None:
        async with stage(scene) as venue:
            client = Client(venue.url)
            with pytest.raises(VenueRejected, match="check APCA_API_KEY_ID") as told:
                await client.stream.run()
            assert CREDENTIALS.secret not in f"{told.value} {client.reasons()}"
            assert client.stream.state.phase is Phase.REFUSED
            assert len(venue.peers) == 1

    play(scenario)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            {"action": "error", "data": {"error_message": "internal server error"}},
            "the server says: internal server error",
        ),
        (
            {
                "stream": "authorization",
                "data": {"status": "unauthorized", "action": "listen"},
            },
            "listened before",
        ),
        ({"stream": "listening", "data": {"streams": []}}, "does not send trade_updates"),
    ],
)
def test_other_refusals_lead_to_another_connection(answer: dict[str, Any], reason: str) -> None:
    async def failing(peer: Peer) -> None:
        await peer.receive()
        await send(peer, AUTHORIZED)
        await peer.receive()
        await send(peer, answer)
        await peer.stay()

    async def scenario() -> None:
        async with stage(failing, begin_and_stay) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await client.stream.live()
            assert reason in client.reasons()
            assert client.told == [CONNECTED]

    play(scenario)


def test_too_many_connections_are_waited_out() -> None:
    async def scenario() -> None:
        refusals = iter([HTTPStatus.TOO_MANY_REQUESTS] * 4)

        def gate(socket: Any, _: object) -> Any:
            refusal = next(refusals, None)
            return socket.respond(refusal, "slow down") if refusal else None

        async with stage(begin_and_stay, gate=gate) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await client.stream.live()
            assert client.reasons().count("too many connections") == 4

    play(scenario)


def test_a_frame_that_cannot_be_read_is_given_for_it_may_be_a_fill() -> None:
    async def scene(peer: Peer) -> None:
        await begin(peer)
        await peer.socket.send(b"<html>")
        await send(peer, update("fill"))
        await peer.stay()

    async def scenario() -> None:
        async with stage(scene) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await until(lambda: len(client.told) == 3)
            assert client.told[1] == b"<html>"

    play(scenario)


def test_the_stored_conversation_is_followed(shared: Path) -> None:
    path = shared / "fixtures/alpaca/stream/trade_updates_examples.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    said = [line["msg"] for line in lines if line["dir"] == "<"]
    stored = {message.get("stream"): message for message in reversed(said)}

    async def scene(peer: Peer) -> None:
        assert (await peer.receive()).keys() == {"action", "data"}
        await send(peer, stored["authorization"])
        await peer.receive()
        await send(peer, stored["listening"])
        await send(peer, stored["trade_updates"])
        await peer.stay()

    async def scenario() -> None:
        async with stage(scene) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await until(lambda: len(client.told) == 2)
            fill = read_trading_message(client.told[1])
            assert isinstance(fill, TradeUpdate)
            assert fill.event == "fill"

    play(scenario)


def test_keys_are_in_no_log_even_when_everything_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        async with stage(begin_and_stay) as venue:
            client = Client(venue.url)
            async with running(client.stream):
                await client.stream.live()

    with caplog.at_level(logging.DEBUG):
        play(scenario)
    ours = [record for record in caplog.records if record.name != "websockets.server"]
    assert not [r for r in ours if CREDENTIALS.secret in r.getMessage()]
