"""A wish to change who may do what → the facts of it, or why it stays as it is."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from engine.domain.access.book import AccessBook
from engine.domain.access.rows import User
from engine.domain.facts import (
    AnyPayload,
    Role,
    RoleChanged,
    SessionEnd,
    SessionEnded,
    UserRestored,
    UserSuspended,
)


class AccessRefusal(StrEnum):
    """Why nothing is changed."""

    NO_SUCH_USER = "no_such_user"
    NO_SUCH_SESSION = "no_such_session"
    NO_SUCH_PASSKEY = "no_such_passkey"
    USERNAME_TAKEN = "username_taken"
    BAD_NAME = "bad_name"
    CHANGES_NOTHING = "changes_nothing"
    LAST_ADMIN = "last_admin"
    LAST_PASSKEY = "last_passkey"
    NO_REASON = "no_reason"


class AccessRefused(msgspec.Struct, frozen=True):
    """Nothing was changed, and why."""

    reason: AccessRefusal
    detail: str


type Changed = tuple[AnyPayload, ...] | AccessRefused
"""Facts to keep, all of them or none, or why there are none."""


def change_role(book: AccessBook, username: str, role: Role, *, by: str) -> Changed:
    """Give a user another role; it holds at once, also where the user is signed in."""
    user = book.named(username)
    if user is None:
        return _unknown(book, username)
    if user.role is role:
        return AccessRefused(
            AccessRefusal.CHANGES_NOTHING, f"{user.username} is {role.value} already"
        )
    if _is_last_administrator(book, user):
        return _last(user)
    return (RoleChanged(user.id, user.role, role, by),)


def suspend_user(book: AccessBook, username: str, now: int, *, by: str, because: str) -> Changed:
    """Let a user do nothing more, and end the sign-ins that hold."""
    user = book.named(username)
    if user is None:
        return _unknown(book, username)
    if not because.strip():
        return AccessRefused(AccessRefusal.NO_REASON, "say why: it is kept with the change")
    if user.is_suspended:
        return AccessRefused(AccessRefusal.CHANGES_NOTHING, f"{user.username} is suspended already")
    if _is_last_administrator(book, user):
        return _last(user)
    ended = (
        SessionEnded(user.id, one.session_id, SessionEnd.USER_SUSPENDED, by)
        for one in book.sessions(user.id, now)
    )
    return (UserSuspended(user.id, by, because), *ended)


def restore_user(book: AccessBook, username: str, *, by: str, because: str) -> Changed:
    """Let a suspended user sign in again."""
    user = book.named(username)
    if user is None:
        return _unknown(book, username)
    if not because.strip():
        return AccessRefused(AccessRefusal.NO_REASON, "say why: it is kept with the change")
    if not user.is_suspended:
        return AccessRefused(AccessRefusal.CHANGES_NOTHING, f"{user.username} is not suspended")
    return (UserRestored(user.id, by, because),)


def end_session(
    book: AccessBook, session_id: str, now: int, *, reason: SessionEnd, by: str
) -> Changed:
    """End one sign-in."""
    found = book.sign_ins.get(session_id)
    if found is None or not found.holds_at(now):
        return AccessRefused(AccessRefusal.NO_SUCH_SESSION, "there is no such sign-in any more")
    return (SessionEnded(found.user_id, session_id, reason, by),)


def _unknown(book: AccessBook, username: str) -> AccessRefused:
    known = ", ".join(sorted(one.username for one in book.users.values())) or "none yet"
    return AccessRefused(
        AccessRefusal.NO_SUCH_USER, f"there is no user {username!r}; there are: {known}"
    )


def _is_last_administrator(book: AccessBook, user: User) -> bool:
    return book.administrators() == [user]


def _last(user: User) -> AccessRefused:
    return AccessRefused(
        AccessRefusal.LAST_ADMIN,
        f"{user.username} is the only administrator: make another one first, with "
        "'tradectl web invite NAME --role admin'",
    )
