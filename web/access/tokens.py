"""What a signed-in browser carries: an access token for minutes, a refresh token for hours."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

import jwt
import msgspec

from engine.domain.facts import Role
from engine.domain.session import NANOS_PER_SECOND

ACCESS_COOKIE, REFRESH_COOKIE = "__Host-tc_at", "__Secure-tc_rt"
REFRESH_PATH = "/api/v1/auth"
ACCESS_SECS = 5 * 60
SESSION_SECS = 12 * 3600

_ISSUER = "tradectl"
_ALGORITHM = "HS256"
_REQUIRED = ["iss", "aud", "sub", "sid", "role", "auth_time", "iat", "exp"]


class AccessClaims(msgspec.Struct, frozen=True):
    """What an access token says; whether its sign-in still holds is asked each time."""

    user_id: str
    session_id: str
    expires_ns: int


class Tokens:
    """Makes and reads the tokens of one gateway.

    Parameters
    ----------
    key : bytes
        Of the file that only this user reads.
    origin : str
        For whom they are: another gateway's are not taken.
    """

    def __init__(self, key: bytes, origin: str) -> None:
        self._key, self._origin = key, origin

    def access(
        self, user_id: str, session_id: str, role: Role, *, auth_ns: int, now: int, expires_ns: int
    ) -> tuple[str, int]:
        """Return an access token and when it ends (UTC ns): with its sign-in at the latest."""
        ends = min(now // NANOS_PER_SECOND + ACCESS_SECS, expires_ns // NANOS_PER_SECOND)
        claims = {
            "iss": _ISSUER,
            "aud": self._origin,
            "sub": user_id,
            "sid": session_id,
            "role": role.value,
            "auth_time": auth_ns // NANOS_PER_SECOND,
            "iat": now // NANOS_PER_SECOND,
            "exp": ends,
        }
        return jwt.encode(claims, self._key, _ALGORITHM), ends * NANOS_PER_SECOND

    def read(self, token: str) -> AccessClaims | None:
        """Return what an access token of ours says, None if it is not one; it may be over."""
        # whether it is over is for a clock to say that nobody sets
        options: Any = {"require": _REQUIRED, "verify_exp": False, "verify_iat": False}
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=self._origin,
                issuer=_ISSUER,
                options=options,
            )
            return AccessClaims(
                str(claims["sub"]), str(claims["sid"]), int(claims["exp"]) * NANOS_PER_SECOND
            )
        except (jwt.InvalidTokenError, ValueError, TypeError):
            return None

    def csrf(self, session_id: str) -> str:
        """Return what a page of a session shows in a header, to prove that it could read it."""
        return self._mac("csrf", session_id)

    def refresh(self, session_id: str) -> str:
        """Return a new refresh token of a sign-in; which of them counts is kept elsewhere."""
        text = f"{session_id}.{secrets.token_urlsafe(32)}"
        return f"{text}.{self._mac('refresh', text)}"

    def session_of(self, refresh: str) -> str | None:
        """Return the sign-in of a refresh token that was made here; None for any other text."""
        text, _, mac = refresh.rpartition(".")
        if not hmac.compare_digest(mac.encode(), self._mac("refresh", text).encode()):
            return None
        return text.partition(".")[0]

    def _mac(self, use: str, text: str) -> str:
        return hmac.new(self._key, f"{use}\n{text}".encode(), hashlib.sha256).hexdigest()
