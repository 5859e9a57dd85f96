"""The rows that facts of access fold into: ``users``, ``user_credentials``, sign-ins, invitations.

Times are UTC nanoseconds; ids of credentials and public keys are base64url.
"""

from __future__ import annotations

import msgspec

from engine.domain.facts import Role


class User(msgspec.Struct, frozen=True):
    """A person who may use the gateway.

    Attributes
    ----------
    id : str
        The user handle that passkeys carry, base64url.
    """

    id: str
    username: str
    display_name: str
    created_at: int
    role: Role
    is_suspended: bool = False


class UserCredential(msgspec.Struct, frozen=True):
    """A passkey.

    Attributes
    ----------
    id : int
        ``seq`` of the fact that added it.
    sign_count : int
        As of its last use; 0 for ever where the passkey is synced between devices.
    label : str
        What its owner calls it.
    used_at : int, optional
    """

    id: int
    user_id: str
    credential_id: str
    public_key: str
    sign_count: int
    created_at: int
    label: str
    transports: tuple[str, ...]
    is_backed_up: bool
    rp_id: str
    origin: str
    used_at: int | None = None
    is_suspended: bool = False


class SignIn(msgspec.Struct, frozen=True):
    """One sign-in, from its passkey to its end.

    Attributes
    ----------
    expires_at : int
        When it ends by itself, whatever was renewed in between.
    is_ended : bool
        Somebody or something ended it earlier.
    """

    session_id: str
    user_id: str
    credential_id: str
    began_at: int
    expires_at: int
    address: str
    agent: str
    is_ended: bool = False

    def holds_at(self, now: int) -> bool:
        """Say whether it holds at an instant, UTC ns."""
        return not self.is_ended and now < self.expires_at


class Invitation(msgspec.Struct, frozen=True):
    """A link that lets one person register a passkey, once.

    Attributes
    ----------
    token_hash : str
        SHA-256 of what the link carries.
    user_id : str, optional
        Who is to have one more passkey; None for a new user.
    """

    invitation_id: str
    token_hash: str
    username: str
    role: Role
    user_id: str | None
    expires_at: int
    by: str
    is_used: bool = False

    def holds_at(self, now: int) -> bool:
        """Say whether it can still be used at an instant, UTC ns."""
        return not self.is_used and now < self.expires_at
