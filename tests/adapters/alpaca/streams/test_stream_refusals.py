"""The market-data session against servers that refuse, break off, or are none."""

from __future__ import annotations

import csv
import logging
import ssl
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.alpaca.streams.errors import Remedy, advice, remedy
from adapters.alpaca.streams.market_stream import MarketStream
from adapters.alpaca.streams.messages import Gap
from adapters.transport.kept_socket import Phase
from engine.domain.errors import VenueRejected
from tests.adapters.alpaca.data.market_client import Client, error, play, trade
from tests.adapters.alpaca.streams.scripted_socket import (
    CREDENTIALS,
    QUICK,
    Peer,
    Stage,
    plain_server,
    running,
    stage,
    until,
)


async def _welcome_and_stay(peer: Peer) -> None:
    await peer.welcome()
    await peer.stay()


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


def test_the_policy_knows_every_documented_code(shared: Path) -> None:
    table = (shared / "fixtures/alpaca/tables/stream_error_codes.csv").read_text()
    codes = [int(row["code"]) for row in csv.DictReader(table.splitlines())]
    assert len(codes) == 15
    assert not [code for code in codes if remedy(code) is Remedy.UNKNOWN]


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

            stream = MarketStream(venue.url, CREDENTIALS, on_frames=fail, on_gap=fail)
            await stream.subscribe({"trades": ["AAPL"]})
            with pytest.raises(ZeroDivisionError):
                await stream.run()
            assert stream.state.phase is Phase.CLOSED

    play(scenario)
