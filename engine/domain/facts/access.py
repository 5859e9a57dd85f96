"""Who may use the gateway, how they proved it, and what they confirmed with a passkey.

Nothing here is secret: tokens and codes are kept as hashes, and a public key only checks.
"""

from __future__ import annotations

from enum import StrEnum

from engine.domain.facts.payload import Payload


class Role(StrEnum):
    """What a user may do; each has the rights of those before it."""

    VIEWER = "viewer"
    TRADER = "trader"
    OPERATOR = "operator"
    ADMIN = "admin"


class PasskeyMeans(StrEnum):
    """What allowed a passkey to be added."""

    INVITATION = "invitation"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"
    """Another passkey of the same user, asked for this very change."""


class PasskeySuspension(StrEnum):
    """Why a passkey is taken no more."""

    SIGN_COUNT = "sign_count"
    """It counted no further than before: there may be a copy of it."""
    OWNER = "owner"


class SignInRefusal(StrEnum):
    """Why somebody was not let in."""

    UNKNOWN_CHALLENGE = "unknown_challenge"
    UNKNOWN_PASSKEY = "unknown_passkey"
    UNVERIFIED = "unverified"
    SIGN_COUNT = "sign_count"
    PASSKEY_SUSPENDED = "passkey_suspended"
    USER_SUSPENDED = "user_suspended"
    UNKNOWN_INVITATION = "unknown_invitation"
    UNKNOWN_RECOVERY_CODE = "unknown_recovery_code"


class SessionEnd(StrEnum):
    """Why a sign-in holds no more; one that is over after its twelve hours needs no word."""

    SIGNED_OUT = "signed_out"
    OWNER = "owner"
    ADMIN = "admin"
    REFRESH_REUSED = "refresh_reused"
    PASSKEY_SUSPENDED = "passkey_suspended"
    USER_SUSPENDED = "user_suspended"


class UserInvited(Payload, frozen=True, tag="user_invited"):
    """A link was made that lets one person register a passkey, once.

    ``token_hash`` is the SHA-256 of what the link carries, ``user_id`` a user who is to have one
    more passkey, None for a new one. ``expires_ns`` is UTC ns.
    """

    invitation_id: str
    token_hash: str
    username: str
    role: Role
    user_id: str | None
    expires_ns: int
    by: str


class UserAdded(Payload, frozen=True, tag="user_added"):
    user_id: str
    username: str
    display_name: str
    role: Role
    invitation_id: str


class PasskeyAdded(Payload, frozen=True, tag="passkey_added"):
    """A user has one more passkey.

    ``credential_id`` and ``public_key`` (COSE) are base64url, ``origin`` and ``rp_id`` what it was
    made for, ``used`` the invitation or the hash of the recovery code that allowed it, the id of
    the authorization where another passkey did.
    """

    user_id: str
    credential_id: str
    public_key: str
    sign_count: int
    label: str
    transports: tuple[str, ...]
    is_backed_up: bool
    rp_id: str
    origin: str
    means: PasskeyMeans
    used: str


class PasskeySuspended(Payload, frozen=True, tag="passkey_suspended"):
    user_id: str
    credential_id: str
    reason: PasskeySuspension
    detail: str


class SignedIn(Payload, frozen=True, tag="signed_in"):
    """A sign-in began; ``expires_ns`` (UTC ns) ends it, whatever is renewed in between."""

    user_id: str
    credential_id: str
    session_id: str
    sign_count: int
    expires_ns: int
    address: str
    agent: str


class SignInRefused(Payload, frozen=True, tag="sign_in_refused"):
    """Somebody was not let in; ``unrecorded`` were refused since the last one recorded.

    Those are counted and not kept one by one, so that a stranger cannot fill the journal.
    """

    user_id: str | None
    credential_id: str | None
    reason: SignInRefusal
    address: str
    unrecorded: int


class RefreshReused(Payload, frozen=True, tag="refresh_reused"):
    """A refresh token came a second time: one of those who have it is not its owner."""

    user_id: str
    session_id: str
    address: str


class SessionEnded(Payload, frozen=True, tag="session_ended"):
    user_id: str
    session_id: str
    reason: SessionEnd
    by: str


class RecoveryCodesMade(Payload, frozen=True, tag="recovery_codes_made"):
    """A user has new recovery codes, kept as SHA-256; earlier ones hold no more."""

    user_id: str
    code_hashes: tuple[str, ...]


class RecoveryCodeUsed(Payload, frozen=True, tag="recovery_code_used"):
    user_id: str
    code_hash: str


class RoleChanged(Payload, frozen=True, tag="role_changed"):
    user_id: str
    old: Role
    new: Role
    by: str


class UserSuspended(Payload, frozen=True, tag="user_suspended"):
    user_id: str
    by: str
    because: str


class UserRestored(Payload, frozen=True, tag="user_restored"):
    user_id: str
    by: str
    because: str


class ActionAuthorized(Payload, frozen=True, tag="action_authorized"):
    """A user confirmed one request with a passkey, and this is all it takes to check that.

    ``engine.domain.access.action_challenge`` of the first fields is the challenge in
    ``client_data``; the signature is of ``authenticator_data`` and the SHA-256 of ``client_data``,
    by the key of ``passkey_added``. ``body_hash`` is the SHA-256 of the body in hex;
    ``nonce``, ``client_data``, ``authenticator_data`` and ``signature`` are base64url.
    """

    authorization_id: str
    method: str
    path: str
    body_hash: str
    idempotency_key: str
    user_id: str
    session_id: str
    nonce: str
    credential_id: str
    sign_count: int
    client_data: str
    authenticator_data: str
    signature: str
