"""Who may connect to a relay: keys of our own, never the venue's."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from engine.domain.errors import ConfigError

_WORD = re.compile(r"[!-9;-~]{1,200}")
_SHORTEST = 16
_OTHERS = 0o077


class Right(StrEnum):
    """What a key opens."""

    READ = "read"
    """Market data."""
    STEER = "steer"
    """Market data, and a simulator's time."""


@dataclass(frozen=True, slots=True)
class RelayKey:
    """One key pair."""

    key: str
    secret: str = field(repr=False)
    right: Right = Right.READ


class RelayKeys:
    """The keys of one relay.

    Raises
    ------
    ConfigError
        There is none, or one comes twice.
    """

    def __init__(self, keys: Iterable[RelayKey]) -> None:
        given = list(keys)
        self._by_key = {each.key: each for each in given}
        if not given:
            raise ConfigError("a relay needs a key: write KEY:SECRET or KEY:SECRET:steer")
        if len(self._by_key) < len(given):
            raise ConfigError("two keys of the relay have the same name; give each its own")

    @property
    def first(self) -> RelayKey:
        """The key that stands first."""
        return next(iter(self._by_key.values()))

    @classmethod
    def read(cls, path: Path) -> RelayKeys:
        """Return the keys of a file, one a line: ``KEY:SECRET`` or ``KEY:SECRET:steer``.

        Raises
        ------
        ConfigError
            It cannot be read, others may read it, or a line is written otherwise.
        """
        try:
            mode, text = path.stat().st_mode, path.read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no ASCII text"
            raise ConfigError(f"the keys of the relay cannot be read: {path}: {reason}") from error
        if mode & _OTHERS:
            raise ConfigError(f"{path} holds keys and others may read it; run chmod 600 {path}")
        lines = enumerate(text.splitlines(), start=1)
        return cls(
            _key(line.strip(), f"{path}, line {number}")
            for number, line in lines
            if line.strip() and not line.startswith("#")
        )

    def opened(self, key: object, secret: object) -> RelayKey | None:
        """Return whose key and secret these are."""
        known = self._by_key.get(key) if isinstance(key, str) else None
        if known is None or not isinstance(secret, str):
            return None
        return known if hmac.compare_digest(known.secret.encode(), secret.encode()) else None


def _key(line: str, place: str) -> RelayKey:
    key, secret, right, *rest = (*line.split(":"), "", "")
    is_written = _WORD.fullmatch(key) and _WORD.fullmatch(secret) and not any(rest)
    if not is_written or right not in {"", *Right}:
        raise ConfigError(
            f"{place}: expected KEY:SECRET or KEY:SECRET:steer, visible ASCII without colons"
        )
    if len(secret) < _SHORTEST:
        raise ConfigError(
            f"{place}: the secret has {len(secret)} characters, expected at least {_SHORTEST}"
        )
    return RelayKey(key, secret, Right(right or Right.READ))
