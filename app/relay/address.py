"""Where a relay is reached, and with which key."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from cluster.relay import RelayKeys
from engine.domain.errors import ConfigError
from engine.runtime.live import RelayAddress


def read_address(url: str, keys: Path) -> RelayAddress:
    """Return a relay's address with the first key of a file.

    Raises
    ------
    ConfigError
        It is no address of a websocket, it would send keys in the clear to another machine, or
        the file holds no key.
    """
    parts = urlsplit(url.rstrip("/"))
    if parts.scheme not in {"ws", "wss"} or not parts.hostname or parts.query or parts.path:
        raise ConfigError(f"--relay is {url!r}, expected an address like ws://127.0.0.1:8766")
    if parts.scheme == "ws" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise ConfigError(
            f"--relay is {url!r}: another machine's relay is reached by wss:// alone, so that "
            "nobody reads the key on its way"
        )
    key = RelayKeys.read(keys).first
    return RelayAddress(f"{parts.scheme}://{parts.netloc}", key.key, key.secret)
