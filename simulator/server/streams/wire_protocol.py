"""Websockets whose connection can be cut, as a network would."""

from __future__ import annotations

from typing import Any

from serving import GuardedWebSockets
from simulator.server.streams.outbox import TRANSPORT


class CuttableWebSockets(GuardedWebSockets):
    """The guarded protocol, with its transport in the scope's extensions."""

    def handle_connect(self, event: Any) -> None:
        """Take a handshake; the application begins on the loop's next turn."""
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = self.scope["extensions"]  # pyright: ignore[reportTypedDictNotRequiredAccess, reportAssignmentType]
            extensions[TRANSPORT] = self.transport
