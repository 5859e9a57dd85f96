"""What both sessions show of the socket that they keep."""

from __future__ import annotations

import asyncio
import logging

from adapters.transport.kept_socket import KeptSocket, StreamState

_BEGUN_WITHIN_SECS = 15.0

_log = logging.getLogger(__name__)


class StreamSession:
    """A session over one kept socket; a subclass speaks its protocol.

    Parameters
    ----------
    socket : KeptSocket
    """

    def __init__(self, socket: KeptSocket) -> None:
        self._socket = socket

    @property
    def state(self) -> StreamState:
        """Where the session stands."""
        return self._socket.state

    async def run(self) -> None:
        """Keep the session until ``close``.

        Raises
        ------
        VenueRejected
            Keys, plan or the whole subscription were refused; the message says what to do.
        """
        await self._socket.run()

    async def close(self) -> None:
        """End the session; ``run`` returns."""
        await self._socket.close()

    async def live(self) -> None:
        """Wait until everything desired comes; raises when the session is over."""
        await self._socket.live()

    async def begun(self) -> None:
        """Wait a while for the first connection; one that takes longer comes by itself later.

        Raises
        ------
        VenueRejected, VenueUnavailable
            It was refused, or closed.
        """
        try:
            async with asyncio.timeout(_BEGUN_WITHIN_SECS):
                await self.live()
        except TimeoutError:
            _log.warning("%s has not connected yet; it is not waited for", self._socket.url)
