"""One gateway from its request to its end."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import msgspec

from app.access.journal import AccessJournal
from app.access.users import Invited, invite
from engine.domain.errors import ConfigError
from engine.domain.facts import Role
from serving import ControlToken, GuardedConfig, listening, served
from web.gateway import create_gateway, gateway_policy
from web.settings import GatewaySettings

TOKEN_VARIABLE = "TRADECTL_WEB_TOKEN"  # noqa: S105  (its name)

_REACHED = (
    ", which would carry sign-ins in the clear; use 127.0.0.1, give --certificate and --key, or "
    "say --behind-proxy where a proxy ends TLS"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRequest:
    """What was asked for.

    Attributes
    ----------
    origin : str, optional
        What browsers show as its address; ``http://localhost:PORT`` by default.
    certificate, key : Path, optional
        Files for TLS, both or none.
    """

    host: str
    port: int
    database: str
    runs: Path
    catalog: str
    origin: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    is_behind_proxy: bool = False


class GatewayReady(msgspec.Struct, frozen=True):
    """Where a gateway listens.

    Attributes
    ----------
    invitation : str, optional
        A link for the first user, who is an administrator; None once there is a user.
    token_file : str, optional
        What a program of this user reads to call it from this machine.
    """

    url: str
    invitation: str | None
    token_file: str | None


def serve_gateway(request: GatewayRequest, ready: Callable[[GatewayReady], None]) -> None:
    """Serve API and cockpit until the process is told to end.

    Parameters
    ----------
    ready : callable
        Hears once where it listens.

    Raises
    ------
    ConfigError
        Something that was asked for cannot be.
    JournalError
        The journal of users cannot be read, or is not what was written.
    """
    if (request.certificate is None) != (request.key is None):
        raise ConfigError("TLS takes both --certificate and --key")
    is_encrypted = request.certificate is not None
    is_private = is_encrypted or request.is_behind_proxy
    listener = listening(request.host, request.port, refusal="" if is_private else _REACHED)
    with (
        listener,
        ControlToken.issued(*listener.getsockname()[:2], variable=TOKEN_VARIABLE) as token,
    ):
        settings = GatewaySettings(
            origin=request.origin or _own_origin(request, listener.getsockname()[1]),
            database=request.database,
            runs=request.runs,
            catalog=request.catalog,
            local_token=token.secret,
            is_behind_proxy=request.is_behind_proxy,
        )
        files = (request.certificate, request.key)
        config = GuardedConfig(
            create_gateway(settings),
            gateway_policy(settings),
            certificate=None if files[0] is None or files[1] is None else (files[0], files[1]),
        )

        def listens(_host: str, _port: int) -> None:
            ready(
                GatewayReady(
                    url=settings.origin,
                    invitation=first_invitation(request.database, settings.origin),
                    token_file=None if token.file is None else str(token.file),
                )
            )

        asyncio.run(served(config, listener, listens))


def first_invitation(database: str, url: str) -> str | None:
    """Return a link for the first user, an administrator; None where there is one already."""
    journal = AccessJournal(database)
    if journal.book().users:
        return None
    made = invite(journal, getpass.getuser(), Role.ADMIN, by="tradectl web")
    return made.link(url) if isinstance(made, Invited) else None


def _own_origin(request: GatewayRequest, port: int) -> str:
    """Return the origin of a gateway that nobody named one for."""
    is_here = request.host == "localhost" or ip_address(request.host).is_loopback
    if is_here and not request.is_behind_proxy and request.certificate is None:
        return f"http://localhost:{port}"
    raise ConfigError("say under which address browsers see it: --origin https://trade.example")
