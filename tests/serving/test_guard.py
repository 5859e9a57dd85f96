"""What strangers may not do to a server of ours, told over real sockets."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.serving.guarded import ORIGIN, PATIENCE_SECS, TOKEN, Guarded, guarded, heard

HOST = "Host: 127.0.0.1"
KEY = f"X-Tradectl-Token: {TOKEN}"
JSON = "Content-Type: application/json"
MARK = "h0stile"
"""Stands in every hostile request and in no answer."""

SECURITY = ("nosniff", "no-store", "frame-ancestors 'none'", "no-referrer", "same-origin")


def request(method: str, path: str, *headers: str, body: bytes = b"", length: bool = True) -> bytes:
    """Return the bytes of a request after which the connection ends."""
    sized = [f"Content-Length: {len(body)}"] if length and body else []
    head = [f"{method} {path} HTTP/1.1", *headers, *sized, "Connection: close"]
    return "\r\n".join((*head, "", "")).encode("latin-1") + body


def chunked(size: int) -> bytes:
    """Return a chunked body."""
    return f"{size:x}\r\n".encode() + b"x" * size + b"\r\n0\r\n\r\n"


def turn(body: bytes, *headers: str) -> bytes:
    """Return a request that steers, with a body."""
    return request("POST", "/control/turn", HOST, KEY, *(headers or (JSON,)), body=body)


UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
NESTED = b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"
REQUESTS: list[tuple[str, bytes, int]] = [
    ("plain", request("GET", "/read", HOST), 200),
    ("a host with a port", request("GET", "/read", "Host: localhost:1"), 200),
    ("IPv6", request("GET", "/read", "Host: [::1]:8765"), 200),
    ("a rebound name", request("GET", "/read", f"Host: {MARK}.example"), 400),
    ("a name that begins alike", request("GET", "/read", f"Host: 127.0.0.1.{MARK}.example"), 400),
    ("a rebound socket", request("GET", "/socket", f"Host: {MARK}.example", *UPGRADE), 400),
    ("no host", request("GET", "/read"), 400),
    ("two hosts", request("GET", "/read", HOST, f"Host: {MARK}.example"), 400),
    ("HTTP/1.0 without a host", b"GET /read HTTP/1.0\r\n\r\n", 400),
    ("our page", request("POST", "/read", HOST, f"Origin: {ORIGIN}", body=b"x"), 200),
    ("a foreign page", request("POST", "/read", HOST, f"Origin: http://{MARK}", body=b"x"), 403),
    ("a foreign page asks", request("GET", "/read", HOST, f"Origin: http://{MARK}"), 403),
    ("a page without a name", request("POST", "/read", HOST, "Origin: null", body=b"x"), 403),
    (
        "one of two origins is foreign",
        request("POST", "/read", HOST, f"Origin: {ORIGIN}", f"Origin: http://{MARK}"),
        403,
    ),
    ("a form elsewhere", request("POST", "/read", HOST, "Sec-Fetch-Site: cross-site"), 403),
    ("a link elsewhere", request("GET", "/read", HOST, "Sec-Fetch-Site: cross-site"), 200),
    (
        "a foreign socket",
        request("GET", "/socket", HOST, f"Origin: http://{MARK}", *UPGRADE),
        403,
    ),
    ("steered", turn(b'{"a": 1}'), 200),
    ("steered without a body", request("POST", "/control/turn", HOST, KEY), 200),
    ("steered with a charset", turn(b"{}", "Content-Type: Application/JSON; charset=utf-8"), 200),
    ("no token", request("POST", "/control/turn", HOST, JSON, body=b"{}"), 401),
    ("looked at without a token", request("GET", "/control/turn", HOST), 401),
    ("a spelling of the path", request("POST", "/%63ontrol/turn", HOST, JSON, body=b"{}"), 401),
    (
        "another token",
        request("POST", "/control/turn", HOST, f"X-Tradectl-Token: {MARK}\xe9", JSON, body=b"{}"),
        401,
    ),
    ("a form", turn(b"a=1", "Content-Type: application/x-www-form-urlencoded"), 415),
    ("plain text", turn(b"{}", "Content-Type: text/plain"), 415),
    ("no type", turn(b"{}", "X-Nothing: 1"), 415),
    ("the largest body", request("POST", "/read", HOST, body=b"x" * 1_000), 200),
    ("a large body", request("POST", "/read", HOST, body=b"x" * 1_001), 413),
    (
        "a length that was announced alone",
        request("POST", "/read", HOST, "Content-Length: 99999999999999999999"),
        413,
    ),
    (
        "a chunked body",
        request("POST", "/read", HOST, "Transfer-Encoding: chunked", length=False) + chunked(1_000),
        200,
    ),
    (
        "a large chunked body",
        request("POST", "/read", HOST, "Transfer-Encoding: chunked", length=False) + chunked(1_001),
        413,
    ),
    (
        "a length and chunks",
        request("POST", "/read", HOST, "Transfer-Encoding: chunked", "Content-Length: 5")
        + chunked(5),
        400,
    ),
    ("a length below nothing", request("POST", "/read", HOST, "Content-Length: -1"), 400),
    ("two lengths", request("POST", "/read", HOST, "Content-Length: 1", "Content-Length: 2"), 400),
    ("long headers", request("GET", "/read", HOST, f"X-Long: {'x' * 4_000}"), 431),
    ("a long path", request("GET", f"/read?{'x' * 4_000}", HOST), 431),
    ("no HTTP", f"{MARK}\x00\xff\r\n\r\n".encode("latin-1"), 400),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ("a header in two lines", request("GET", "/read", HOST, "X-A: 1\r\n\x00: 2"), 400),
    ("an unknown path", request("GET", f"/{MARK}", HOST), 404),
    ("another method", request("TRACE", "/read", HOST, f"X-Mark: {MARK}"), 405),
    ("NaN", turn(b'{"a": NaN}'), 422),
    ("infinity", turn(b'{"a": -Infinity}'), 422),
    ("a number beyond floats", turn(b'{"a": 1e999}'), 422),
    ("1e300", turn(b'{"a": 1e300}'), 422),
    ("a number beyond 64 bits", turn(b'{"a": 9223372036854775808}'), 422),
    ("the largest number", turn(b'{"a": 9223372036854775807}'), 200),
    ("900 digits", turn(b'{"a": ' + b"9" * 900 + b"}"), 422),
    ("full-width digits", turn('{"a": \uff11\uff12}'.encode()), 422),
    ("digits with a line between", turn(b'{"a": 1_0}'), 422),
    ("a name twice", turn(b'{"a": 1, "a": 2}'), 422),
    ("a name twice, inside", turn(b'{"b": [{"a": 1, "\\u0061": 2}]}'), 422),
    ("deep", turn(NESTED), 422),
    ("half a character", turn(b'{"a": "\\ud800"}'), 422),
    ("no UTF-8", turn(b'{"a": "\xff"}'), 422),
    ("a list", turn(b"[]"), 422),
    ("cut off", turn(b'{"a":'), 422),
    ("two objects", turn(b"{}{}"), 422),
]


@pytest.fixture(scope="module")
def small() -> Iterator[Guarded]:
    """Yield a server with a small body, small headers and few sockets."""
    with guarded(
        body_bytes=1_000, header_bytes=4_000, message_bytes=1_000, unauthenticated=2
    ) as it:
        yield it


@pytest.mark.parametrize(("name", "asked", "status"), REQUESTS, ids=[row[0] for row in REQUESTS])
def test_a_request_gets_the_answer_it_deserves(
    small: Guarded, name: str, asked: bytes, status: int
) -> None:
    answer = small.said(asked)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status, (name, answer)
    assert body or status in {101, 200}
    assert MARK.encode() not in answer
    assert TOKEN.encode() not in answer
    assert b"uvicorn" not in answer.lower()
    # what is no HTTP is answered before any header can be chosen
    if head.split()[1] != b"400" or b"Invalid HTTP" not in body:
        assert all(words.encode() in head for words in SECURITY), head


def test_deeper_than_the_reader_of_json_itself_can_go_is_refused() -> None:
    with guarded() as server:
        answer = server.said(turn(b'{"a":' + b"[" * 100_000))
        assert b" 422 " in answer
        assert b"nested deeper" in answer


def test_requests_in_one_packet_are_answered_in_order(small: Guarded) -> None:
    first = f"POST /read HTTP/1.1\r\n{HOST}\r\nContent-Length: 3\r\n\r\nabc".encode()
    answer = small.said(first + request("POST", "/read", HOST, body=b"x" * 1_001))
    assert answer.index(b" 200 ") < answer.index(b" 413 ")


def _drip(connection: socket.socket) -> None:
    """Send a header that never ends, a byte at a time, until the server has closed."""
    connection.settimeout(0.01)
    until = time.monotonic() + PATIENCE_SECS
    while time.monotonic() < until:
        try:
            connection.sendall(b"x")
            if not connection.recv(1):
                return
        except TimeoutError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            return
    pytest.fail("a header that never ends is read for ever")


def test_who_does_not_get_on_is_closed() -> None:
    slow: list[tuple[bytes, Callable[[socket.socket], object]]] = [
        (b"", heard),
        (b"GET /read HTTP/1.1\r\nX-Slow: ", _drip),
        (f"POST /read HTTP/1.1\r\n{HOST}\r\nContent-Length: 9\r\n\r\nabc".encode(), heard),
        (f"GET /read HTTP/1.1\r\n{HOST}\r\n\r\nGET".encode(), heard),
    ]
    with guarded(request_secs=0.2) as server:
        for said, ends in slow:
            with server.connect() as connection:
                connection.sendall(said)
                ends(connection)


def test_who_reads_nothing_of_an_answer_is_closed() -> None:
    with guarded(stalled_secs=0.2) as server, server.connect() as connection:
        connection.sendall(request("GET", "/large", HOST))
        assert connection.recv(1)
        open_ = server.server.server_state.connections
        until = time.monotonic() + PATIENCE_SECS
        while open_ and time.monotonic() < until:
            time.sleep(0.01)
        assert not open_


def test_connections_of_one_client_are_limited_and_let_in_again() -> None:
    with guarded(connections_per_client=2) as server:
        with server.connect(), server.connect():
            assert b" 503 " in server.said(b"")
        until = time.monotonic() + PATIENCE_SECS
        while b" 200 " not in (answer := server.said(request("GET", "/read", HOST))):
            assert time.monotonic() < until, answer


def test_sockets_without_authentication_are_few(small: Guarded) -> None:
    async def scene() -> None:
        async with connect(small.url) as first, connect(small.url) as second:
            for _ in range(2):
                with pytest.raises(InvalidStatus) as refused:
                    await connect(small.url)
                assert refused.value.response.status_code == 503
            await second.send("key")
            assert await second.recv() == "heard"
            async with connect(small.url) as third:
                for each in (first, second, third):
                    await each.send("hello")
                    assert await each.recv() == "heard"

    asyncio.run(scene())


async def _talk(client: ClientConnection) -> None:
    while True:
        await client.send("hello")
        await client.recv()


def test_a_socket_that_does_not_authenticate_is_closed_and_another_stays() -> None:
    async def scene(url: str) -> None:
        async with connect(url) as known:
            await known.send("key")
            assert await known.recv() == "heard"
            # one that is silent, and one that talks all the time
            async with connect(url) as silent, connect(url) as loud:
                with pytest.raises(ConnectionClosed) as ended:
                    await asyncio.wait_for(silent.recv(), PATIENCE_SECS)
                assert ended.value.rcvd is not None
                assert ended.value.rcvd.code == 1008
                with pytest.raises(ConnectionClosed) as ended:
                    await asyncio.wait_for(_talk(loud), PATIENCE_SECS)
                assert ended.value.rcvd is not None
                assert ended.value.rcvd.code == 1008
            await known.send("hello")
            assert await known.recv() == "heard"

    with guarded(authentication_secs=0.5) as server:
        asyncio.run(scene(server.url))


def test_a_message_may_not_be_large_not_even_when_it_comes_small(small: Guarded) -> None:
    async def scene() -> None:
        for compression in (None, "deflate"):
            async with connect(small.url, compression=compression) as client:
                await client.send("x" * 1_000_000)
                with pytest.raises(ConnectionClosed) as ended:
                    await asyncio.wait_for(client.recv(), PATIENCE_SECS)
                assert ended.value.rcvd is not None
                assert ended.value.rcvd.code == 1009

    asyncio.run(scene())
