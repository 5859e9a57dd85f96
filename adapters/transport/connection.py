"""One websocket, opened; what goes wrong becomes the venue's error with its remedy."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Mapping

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

from engine.domain.errors import (
    ConfigError,
    VenueError,
    VenueRejected,
    VenueUnavailable,
    VenueUntrusted,
)

MAX_FRAME_BYTES = 16 << 20
"""Largest message that is read; one that is larger ends the connection (1009)."""

_MAX_FRAMES = 1024
_TOO_MANY_REQUESTS = 429
_CLIENT_ERRORS = range(400, 500)
_ADVICE = {
    401: "check the keys",
    403: "check the keys and the plan",
    404: "check the address and the feed",
}

# At DEBUG the library would log every frame, the one with the keys included.
_wire_log = logging.getLogger(f"{__name__}.wire")
_wire_log.setLevel(logging.WARNING)


async def open_socket(
    url: str,
    *,
    headers: Mapping[str, str],
    open_secs: float,
    ping_secs: float,
    pong_secs: float,
    proxied: bool,
    compresses: bool,
) -> ClientConnection:
    """Open a websocket that offers compression, if wanted, and sends heartbeats of its own.

    Raises
    ------
    VenueRejected
        The server answered the handshake with a 4xx: keys, plan or address.
    VenueUntrusted
        What answers has no valid certificate.
    VenueUnavailable
        Name, network, TLS, a 5xx, too many connections, or no websocket there.
    """
    try:
        return await connect(
            url,
            additional_headers=headers,
            open_timeout=open_secs,
            ping_interval=ping_secs,
            ping_timeout=pong_secs,
            close_timeout=1,
            compression="deflate" if compresses else None,
            max_size=MAX_FRAME_BYTES,
            max_queue=_MAX_FRAMES,
            proxy=True if proxied else None,
            logger=_wire_log,
        )
    except InvalidURI as error:
        raise ConfigError(f"{url!r} is no websocket address") from error
    except InvalidStatus as error:
        raise _status_error(url, error.response.status_code) from error
    except (OSError, InvalidHandshake, EOFError) as error:
        raise unreached(url, error) from error


def unreached(text: str, cause: BaseException) -> VenueUnavailable:
    """Return the failure of what a text names; ``cause`` is what the network or TLS said."""
    is_untrusted = isinstance(cause, ssl.SSLCertVerificationError)
    kind = VenueUntrusted if is_untrusted else VenueUnavailable
    return kind(f"{text}: {network_reason(cause)}")


def network_reason(error: BaseException) -> str:
    """Return what a failure of the network means, in words that name the cause."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS: the certificate is not valid ({error.verify_message}); check date and proxy"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or 'no reason given'})"
    if isinstance(error, socket.gaierror):
        return f"DNS: the name cannot be resolved ({error.strerror})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused: nothing listens there"
    if isinstance(error, ConnectionError):
        return "the other side cut the connection off"
    if isinstance(error, InvalidHandshake | EOFError):
        return "the server does not answer as a websocket does"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _status_error(url: str, status: int) -> VenueError:
    text = f"{url} answered the handshake with HTTP {status}"
    if status == _TOO_MANY_REQUESTS:
        return VenueUnavailable(f"{text}: too many connections in a short time")
    if status in _CLIENT_ERRORS:
        return VenueRejected(f"{text}; {_ADVICE.get(status, 'check the address')}", status=status)
    return VenueUnavailable(text)
