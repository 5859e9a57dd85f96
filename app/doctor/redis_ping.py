"""Does Redis answer? Asked in its own protocol, which needs no client for a PING."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import unquote, urlsplit

from app.doctor.check import Check, failed, passed

_PORT = 6379
_TIMEOUT_SECS = 3
_REMEDY = "start Redis, or correct --redis or TRADECTL_REDIS"


def redis(url: str | None) -> Check:
    """Check that the server at ``redis[s]://[user:password@]host[:port]`` answers a PING."""
    if url is None:
        return passed("redis", "not configured; one process needs none")
    parts = urlsplit(url)
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        return failed("redis", "the URL is none of Redis", "give one like redis://host:6379")
    where = f"{parts.hostname}:{parts.port or _PORT}"
    try:
        answer = _ping(
            (parts.hostname, parts.port or _PORT),
            [unquote(word) for word in (parts.username, parts.password) if word],
            is_encrypted=parts.scheme == "rediss",
        )
    except OSError as error:
        return failed("redis", f"{where}: {error}", _REMEDY)
    if answer != "+PONG":
        return failed("redis", f"{where} answers {answer!r}, expected +PONG", _REMEDY)
    return passed("redis", f"{where} answers")


def _ping(address: tuple[str, int], credentials: list[str], *, is_encrypted: bool) -> str:
    """Return the last line of the answer to a PING, after AUTH where there are credentials."""
    with socket.create_connection(address, timeout=_TIMEOUT_SECS) as plain:
        context = ssl.create_default_context() if is_encrypted else None
        channel = context.wrap_socket(plain, server_hostname=address[0]) if context else plain
        answer = ""
        with channel, channel.makefile("rb") as answers:
            for words in ([["AUTH", *credentials]] if credentials else []) + [["PING"]]:
                channel.sendall(_command(words))
                answer = answers.readline().decode(errors="replace").strip()
        return answer


def _command(words: list[str]) -> bytes:
    encoded = [word.encode() for word in words]
    parts = [b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded]
    return b"*%d\r\n%s" % (len(words), b"".join(parts))
