"""Whether the server between hub and shards answers."""

from __future__ import annotations

from app.doctor.check import Check, failed, passed
from engine.domain.errors import ConfigError, StreamsUnavailable

_TIMEOUT_SECS = 3.0


def redis(url: str | None) -> Check:
    """Check that the Redis or Valkey server at a URL answers this user; nothing is changed there.

    Forms and passwords are those of ``ServerAddress.read``.
    """
    from cluster.streams.address import ServerAddress
    from cluster.streams.client import ping

    if url is None:
        return passed("redis", "not configured; one process needs none")
    try:
        address = ServerAddress.read(url)
        ping(address, _TIMEOUT_SECS)
    except (ConfigError, StreamsUnavailable) as error:
        finding, _, remedy = str(error).partition("; ")
        return failed("redis", finding, remedy or "give one like redis://host:6379")
    return passed("redis", f"{address.shown} answers")
