"""Challenges that were given out: each is answered once and in time, or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from engine.domain.session import NANOS_PER_SECOND

_BYTES = 32
_MOST = 4096


@dataclass(frozen=True, slots=True)
class SignInAsked:
    """Somebody wants to sign in; who, their passkey will say."""


@dataclass(frozen=True, slots=True)
class PasskeyAsked:
    """Somebody may register a passkey.

    Attributes
    ----------
    user_id, display_name : str
    invitation_id, code_hash, authorization_id : str
        What allows it: one of them is not empty.
    """

    user_id: str
    display_name: str
    invitation_id: str = ""
    code_hash: str = ""
    authorization_id: str = ""


@dataclass(frozen=True, slots=True)
class ActionAsked:
    """One request of a session is to be confirmed."""

    session_id: str
    nonce: bytes


type Asked = SignInAsked | PasskeyAsked | ActionAsked


class Challenges:
    """Those of one gateway; they do not outlive it.

    Parameters
    ----------
    now : callable
        Returns ns of a clock that nobody sets.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._asked: dict[bytes, tuple[int, Asked]] = {}
        self._lock = Lock()

    def give(self, asked: Asked, secs: int, challenge: bytes | None = None) -> bytes:
        """Return a challenge, 32 random bytes unless it is given, that may be answered once."""
        challenge = challenge or secrets.token_bytes(_BYTES)
        with self._lock:
            if len(self._asked) >= _MOST:
                self._forget()
            self._asked[challenge] = self._now() + secs * NANOS_PER_SECOND, asked
        return challenge

    def take(self, challenge: bytes) -> Asked | None:
        """Return what a challenge was for, and forget it; None if it is unknown or too late."""
        with self._lock:
            deadline, asked = self._asked.pop(challenge, (0, None))
        return asked if self._now() < deadline else None

    def _forget(self) -> None:
        now = self._now()
        self._asked = {each: kept for each, kept in self._asked.items() if now < kept[0]}
        while len(self._asked) >= _MOST:  # the oldest, which stands first
            del self._asked[next(iter(self._asked))]
