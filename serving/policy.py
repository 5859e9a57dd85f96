"""What a server allows: whom it answers, what a request may weigh, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass, field

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
"""Names of this machine in a ``Host`` header; no web page can make a browser send them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a server takes from clients that nobody knows yet.

    Attributes
    ----------
    header_bytes : int
        Request line and headers; 431 beyond.
    body_bytes : int
        Body of a request, whether its length was announced or not; 413 beyond.
    message_bytes : int
        One websocket message after decompression; close code 1009 beyond.
    connections, connections_per_client : int
        Open connections, and those from one address; 503 and the end beyond.
    unauthenticated : int
        Websockets that have not authenticated yet; 503 beyond.
    authentication_secs : float
        How long a websocket may take to authenticate; close code 1008 beyond.
    request_secs : float
        How long a whole request may take to arrive, and how long a new connection may be silent.
    keep_alive_secs : int
        How long a connection stays open between two requests.
    stalled_secs : float
        How long the reader of an answer may read nothing of it.
    """

    header_bytes: int = 32 * 1024
    body_bytes: int = 256 * 1024
    message_bytes: int = 1024 * 1024
    connections: int = 512
    connections_per_client: int = 256
    unauthenticated: int = 64
    authentication_secs: float = 10.0
    request_secs: float = 10.0
    keep_alive_secs: int = 5
    stalled_secs: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What one server allows.

    Attributes
    ----------
    hosts : tuple of str
        Names beside those of this machine that a ``Host`` header may carry; IPv6 in brackets.
    origins : tuple of str
        Web pages that may call, as ``https://name:port``; requests of no page carry no origin.
    control_prefix : str, optional
        Paths that steer the server: they ask for the token, and for JSON where there is a body.
    control_token : str, optional
        The token; without one nobody may steer.
    content_security_policy : str
        What answers may load where a browser shows them; a route may send another.
    answers_problems : bool
        Refusals are ``application/problem+json`` (RFC 9457) with a ``code``.
    """

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    control_prefix: str | None = None
    control_token: str | None = field(default=None, repr=False)
    content_security_policy: str = "default-src 'none'; frame-ancestors 'none'"
    limits: Limits = Limits()
    answers_problems: bool = False

    @property
    def allowed_hosts(self) -> list[str]:
        """Every host that is answered."""
        return [*LOOPBACK_HOSTS, *self.hosts]
