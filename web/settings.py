"""What one gateway is told when it is started."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from engine.domain.errors import ConfigError

STATIC = Path(__file__).parent / "static"
"""Where the built cockpit lies inside the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """Where its data are, and under which address browsers see it.

    Attributes
    ----------
    origin : str
        ``http://localhost:8770``: scheme, name and port exactly as a browser shows them. Passkeys
        belong to its name.
    database : str
        As of ``--database``; facts, users and commands.
    runs : Path
    catalog : str
    local_token : str, optional
        What a program of this user shows on this machine instead of signing in.
    is_behind_proxy : bool
        A proxy ends TLS before it, and says who asks in ``X-Forwarded-For``.
    static : Path
        Folder of the built cockpit; it may be absent.
    logs : tuple of Path
        Logs of this machine that may be shown.

    Raises
    ------
    ConfigError
        The origin is none.
    """

    origin: str
    database: str
    runs: Path
    catalog: str
    local_token: str | None = field(default=None, repr=False)
    is_behind_proxy: bool = False
    static: Path = STATIC
    logs: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        parts = urlsplit(self.origin)
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or self.origin != (f"{parts.scheme}://{parts.netloc}")
        ):
            raise ConfigError(
                f"{self.origin!r} is no origin: write https://trade.example or http://localhost:8770"
            )
        if parts.scheme == "http" and not self.is_local:
            raise ConfigError(
                f"browsers take no passkey at {self.origin}: write https://, or the name localhost"
            )
        if parts.hostname.replace(".", "").isdigit() or ":" in parts.hostname:
            raise ConfigError(
                f"browsers take no passkey at the address {parts.hostname}: it needs a name"
            )

    @property
    def rp_id(self) -> str:
        """The name that passkeys belong to."""
        return urlsplit(self.origin).hostname or ""

    @property
    def is_local(self) -> bool:
        """Whether the name always means the machine of the browser."""
        return self.rp_id == "localhost" or self.rp_id.endswith(".localhost")

    @property
    def is_encrypted(self) -> bool:
        """Whether browsers reach it by TLS."""
        return self.origin.startswith("https://")
