"""How uvicorn serves an application of ours: guarded, quiet, and with all limits in one place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.types import ASGIApp

from serving.guard import Guard
from serving.policy import Policy
from serving.protocols import CountedConfig, Crowd, GuardedHttp, GuardedWebSockets

_GRACE_SECS = 2


class GuardedConfig(CountedConfig):
    """Settings of uvicorn for an application behind a guard.

    Parameters
    ----------
    certificate : (Path, Path), optional
        Files of the certificate and its key, for TLS.
    headers : sequence of (str, str)
        Of every answer; what serves it is not told unless it is named here.

    Attributes
    ----------
    crowd : Crowd
        The connections of the server.
    """

    def __init__(
        self,
        app: ASGIApp,
        policy: Policy,
        *,
        certificate: tuple[Path, Path] | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.limits = policy.limits
        self.crowd = Crowd(policy.limits)
        super().__init__(
            Guard(app, policy),
            http=GuardedHttp,
            ws=GuardedWebSockets,
            ws_max_size=self.limits.message_bytes,
            ws_ping_interval=None,
            ws_per_message_deflate=True,
            h11_max_incomplete_event_size=self.limits.header_bytes,
            timeout_keep_alive=self.limits.keep_alive_secs,
            timeout_graceful_shutdown=_GRACE_SECS,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            headers=list(headers),
            ssl_certfile=certificate[0] if certificate else None,
            ssl_keyfile=certificate[1] if certificate else None,
        )
