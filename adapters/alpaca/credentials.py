"""The account's keys, from the environment alone and never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.domain.errors import ConfigError

KEY_ID = "APCA_API_KEY_ID"
SECRET = "APCA_API_SECRET_KEY"  # noqa: S105  (the name of the variable)
_HIDDEN = "‹hidden›"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API key with its secret: neither is in a repr, nor in a text that went through ``hide``.

    ``origin`` says in words where they are to be corrected if they are refused.

    Raises
    ------
    ConfigError
        One is empty or holds what no HTTP header may: spaces, line ends, non-ASCII.
    """

    key_id: str = field(repr=False)
    secret: str = field(repr=False)
    origin: str = f"{KEY_ID} and {SECRET}; paper and live have keys of their own"

    def __post_init__(self) -> None:
        for name, value in ((KEY_ID, self.key_id), (SECRET, self.secret)):
            if not value or not value.isascii() or not value.isprintable() or " " in value:
                raise ConfigError(f"{name} is empty or holds what no key has; copy it again")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Credentials:
        """Read ``APCA_API_KEY_ID`` and ``APCA_API_SECRET_KEY``.

        Raises
        ------
        ConfigError
            A variable is missing, or holds no key.
        """
        for name in (KEY_ID, SECRET):
            if not environment.get(name, "").strip():
                raise ConfigError(
                    f"{name} is not set; export {KEY_ID} and {SECRET} with the keys of this account"
                )
        return cls(environment[KEY_ID].strip(), environment[SECRET].strip())

    def headers(self) -> dict[str, str]:
        """Return the two HTTP headers of every request."""
        return {"APCA-API-KEY-ID": self.key_id, "APCA-API-SECRET-KEY": self.secret}

    def hide(self, text: str) -> str:
        """Return a text of the venue or of a library with both keys taken out."""
        return text.replace(self.secret, _HIDDEN).replace(self.key_id, _HIDDEN)
