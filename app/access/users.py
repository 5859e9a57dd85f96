"""Invitations, and users as whoever manages them sees and changes them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any

import msgspec

from app.access.journal import AccessJournal
from app.redaction import refuse_secrets
from engine.domain.access import (
    AccessBook,
    AccessRefusal,
    AccessRefused,
    change_role,
    restore_user,
    suspend_user,
)
from engine.domain.errors import ConfigError
from engine.domain.facts import Role, UserInvited
from engine.domain.session import NANOS_PER_SECOND

INVITATION_SECS = 15 * 60
_TOKEN_BYTES = 32
_LONGEST_NAME = 64


class Invited(msgspec.Struct, frozen=True):
    """An invitation as it is told once; what ``token`` says is kept nowhere."""

    username: str
    role: Role
    token: str
    expires_ns: int

    def link(self, url: str) -> str:
        """Return the address to open; the token is in the fragment, which no server gets to see."""
        return f"{url}/#invitation={self.token}"


def invite(
    journal: AccessJournal, username: str, role: Role, *, by: str, is_for_user: bool = False
) -> Invited | AccessRefused:
    """Make an invitation for a new user, or for a further passkey of one there is.

    Parameters
    ----------
    is_for_user : bool
        The user exists and has lost every passkey and code; the role stays as it is.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    invitation_id = secrets.token_hex(8)

    def ask(book: AccessBook, now: int) -> tuple[UserInvited, ...] | AccessRefused:
        known = book.named(username)
        if (why := wrong_name(username)) is not None:
            return AccessRefused(AccessRefusal.BAD_NAME, why)
        if known is None and is_for_user:
            return AccessRefused(AccessRefusal.NO_SUCH_USER, f"there is no user {username!r}")
        if known is not None and not is_for_user:
            return AccessRefused(
                AccessRefusal.USERNAME_TAKEN,
                f"there is a user {known.username} already; for one more passkey of theirs: "
                f"tradectl web invite {known.username} --add-passkey",
            )
        return (
            UserInvited(
                invitation_id=invitation_id,
                token_hash=token_hash(token),
                username=username if known is None else known.username,
                role=role if known is None else known.role,
                user_id=None if known is None else known.id,
                expires_ns=now + INVITATION_SECS * NANOS_PER_SECOND,
                by=by,
            ),
        )

    answer, _ = journal.write(ask)
    if isinstance(answer, AccessRefused):
        return answer
    (made,) = answer
    return Invited(made.username, made.role, token, made.expires_ns)


def set_role(journal: AccessJournal, username: str, role: Role, *, by: str) -> AccessRefused | None:
    """Give a user another role; return why not, or None."""
    answer, _ = journal.write(lambda book, _: change_role(book, username, role, by=by))
    return answer if isinstance(answer, AccessRefused) else None


def suspend(
    journal: AccessJournal, username: str, *, by: str, because: str
) -> AccessRefused | None:
    """Suspend a user and end their sign-ins; return why not, or None."""
    refuse_secrets({"the reason": because})
    answer, _ = journal.write(
        lambda book, now: suspend_user(book, username, now, by=by, because=because)
    )
    return answer if isinstance(answer, AccessRefused) else None


def restore(
    journal: AccessJournal, username: str, *, by: str, because: str
) -> AccessRefused | None:
    """Let a suspended user sign in again; return why not, or None."""
    refuse_secrets({"the reason": because})
    answer, _ = journal.write(lambda book, _: restore_user(book, username, by=by, because=because))
    return answer if isinstance(answer, AccessRefused) else None


def shown_users(book: AccessBook, now: int) -> list[dict[str, Any]]:
    """Return users, their passkeys and how many sign-ins hold, as JSON values."""
    return [
        msgspec.to_builtins(user)
        | {
            "passkeys": [shown_passkey(each) for each in book.passkeys(user.id)],
            "sessions": len(book.sessions(user.id, now)),
            "recovery_codes_left": book.recovery_codes_left(user.id),
        }
        for user in sorted(book.users.values(), key=lambda one: one.username)
    ]


def shown_passkey(credential: Any) -> dict[str, Any]:
    """Return a passkey without its public key, which nobody reads."""
    shown = msgspec.to_builtins(credential)
    del shown["public_key"]
    return shown


def refused(answer: AccessRefused | None) -> None:
    """Raise what was refused.

    Raises
    ------
    ConfigError
        Something was.
    """
    if answer is not None:
        raise ConfigError(answer.detail)


def token_hash(token: str) -> str:
    """Return what is kept of a token or code."""
    return hashlib.sha256(token.encode()).hexdigest()


def wrong_name(text: str) -> str | None:
    """Return why a name cannot be that of a user, None if it can."""
    is_fit = text.isprintable() and text == text.strip() and 0 < len(text) <= _LONGEST_NAME
    return None if is_fit else f"a name has 1 to {_LONGEST_NAME} printable characters"


def new_user_id() -> str:
    """Return the handle of a new user: 16 random bytes, base64url."""
    return base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()
