"""A websocket whose frames are written straight to its connection."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from serving.protocols import TRANSPORT

if TYPE_CHECKING:
    from asyncio import Transport

_TEXT, _BINARY = b"\x81", b"\x82"
_SHORT, _MEDIUM = 126, 1 << 16
_PARTING_SECS = 1.0


class DirectSocket:
    """Sends whole messages without a task, a queue or an event for each.

    Nothing else may send on the websocket but what its protocol does by itself. Messages are not
    compressed, whatever was agreed: RFC 7692 (6) leaves that to the sender.
    """

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._transport: Transport = websocket.scope["extensions"][TRANSPORT]

    @property
    def waiting(self) -> int:
        """Bytes that the operating system has not taken yet."""
        return self._transport.get_write_buffer_size()

    def send(self, frame: bytes | str) -> None:
        """Send a whole message behind those before; to nobody once the connection is closed."""
        if self._transport.is_closing():
            return
        payload, kind = (frame.encode(), _TEXT) if isinstance(frame, str) else (frame, _BINARY)
        n = len(payload)
        if n < _SHORT:
            head = kind + bytes([n])
        elif n < _MEDIUM:
            head = kind + bytes([_SHORT]) + n.to_bytes(2)
        else:
            head = kind + bytes([_SHORT + 1]) + n.to_bytes(8)
        self._transport.write(head + payload)

    async def close(self, code: int, reason: str = "") -> None:
        """Close the websocket; a receiver that does not read is cut off."""
        with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            async with asyncio.timeout(_PARTING_SECS):
                if self._websocket.application_state is WebSocketState.CONNECTED:
                    await self._websocket.close(code, reason)
                    return
        self._transport.abort()
