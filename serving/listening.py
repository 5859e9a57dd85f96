"""The socket that a server listens on."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from engine.domain.errors import ConfigError


def listening(host: str, port: int, *, refusal: str = "") -> socket.socket:
    """Return a socket that listens.

    Parameters
    ----------
    port : int
        0 for a free one.
    refusal : str
        Why an address that other machines reach will not do, and what to do about it; empty where
        it will.

    Raises
    ------
    ConfigError
        The address will not do, is none, or is taken.
    """
    try:
        is_loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        raise ConfigError(f"{host!r} is no address; write 127.0.0.1") from None
    if refusal and not is_loopback:
        raise ConfigError(f"{host} can be reached by other machines{refusal}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named TCP, or asyncio leaves Nagle's delay on: 40 ms for each small message
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another port, or 0"
        ) from error
    listener.listen(128)
    return listener
