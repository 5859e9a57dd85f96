"""Users, their passkeys and sign-ins, as the facts of the access journal leave them."""

from engine.domain.access.action import Action, action_challenge
from engine.domain.access.book import AccessBook
from engine.domain.access.changes import (
    AccessRefusal,
    AccessRefused,
    change_role,
    end_session,
    restore_user,
    suspend_user,
)
from engine.domain.access.rows import Invitation, SignIn, User, UserCredential

__all__ = [
    "AccessBook",
    "AccessRefusal",
    "AccessRefused",
    "Action",
    "Invitation",
    "SignIn",
    "User",
    "UserCredential",
    "action_challenge",
    "change_role",
    "end_session",
    "restore_user",
    "suspend_user",
]
