"""How a client of the server is set up, and whether the server answers one."""

from __future__ import annotations

from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from cluster.streams.address import ServerAddress
from cluster.streams.failures import failure


def client_options(address: ServerAddress) -> dict[str, Any]:
    """Return what a client is told of a server; time-outs and retries are for its user to say."""
    where: dict[str, Any] = {"unix_socket_path": address.path}
    if address.host:
        where = {"host": address.host, "port": address.port, "ssl": address.is_encrypted}
    if address.ca_file is not None:
        where["ssl_ca_certs"] = str(address.ca_file)
    return where | {
        "db": address.database,
        "username": address.user or None,
        "password": address.password or None,
        "protocol": 2,
        "driver_info": None,
    }


def ping(address: ServerAddress, timeout_secs: float) -> None:
    """Return when a server answers this user, and change nothing there.

    Raises
    ------
    StreamsUnavailable
        It does not, or refuses the user.
    """
    client = Redis(
        **client_options(address),
        socket_timeout=timeout_secs,
        socket_connect_timeout=timeout_secs,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        with client:
            client.ping()
    except (RedisError, OSError) as error:
        raise failure(error, address, timeout_secs) from error
