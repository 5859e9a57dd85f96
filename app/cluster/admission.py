"""Whether a process may speak over the server of its cluster, found out before it begins."""

from __future__ import annotations

import logging
from collections.abc import Callable

from cluster import names
from cluster.streams.port import Streams
from engine.domain.errors import StreamsDenied, StreamsUnavailable

_log = logging.getLogger(__name__)


async def be_admitted(open_streams: Callable[[], Streams]) -> None:
    """Ask the server something; one that is away is not waited for.

    A hub has positions to guard and a relay a feed to keep, with or without it.

    Raises
    ------
    StreamsDenied
        It refuses this user.
    """
    streams = open_streams()
    try:
        await streams.get(names.HUB)
    except StreamsDenied:
        raise
    except StreamsUnavailable as error:
        _log.warning("%s", error)
    finally:
        await streams.close()
