"""Bodies of the routes that sign in and manage users; nanoseconds are text, for JavaScript."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from app.access.users import shown_passkey, shown_users
from engine.domain.access import AccessBook, SignIn, User, UserCredential
from engine.domain.facts import Role

Label = Annotated[str, Field(min_length=1, max_length=64)]
Because = Annotated[str, Field(min_length=1, max_length=500)]
Token = Annotated[str, Field(min_length=8, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PasskeyAnswer(_Body):
    """What ``navigator.credentials.get`` gave."""

    credential: dict[str, Any]


class NewPasskeyAnswer(_Body):
    """What ``navigator.credentials.create`` gave, and what its owner calls the passkey."""

    credential: dict[str, Any]
    label: Label = "passkey"


class RegistrationWish(_Body):
    """What allows a passkey: an invitation or a recovery code."""

    invitation: Token | None = None
    recovery_code: Token | None = None
    display_name: Annotated[str, Field(max_length=64)] = ""


class RoleWish(_Body):
    """The role that a user is to have."""

    role: Role


class Reason(_Body):
    """Why; kept with the change."""

    because: Because


class InvitationWish(_Body):
    """Whom to invite.

    ``add_passkey`` is for a user who has lost every passkey and code; the role stays as it is.
    """

    username: Label
    role: Role = Role.VIEWER
    add_passkey: bool = False


class BrowserOptions(BaseModel):
    """What a browser's ``navigator.credentials`` is to be given, as JSON."""

    public_key: dict[str, Any]


class UserShown(BaseModel):
    """Who is signed in."""

    id: str
    username: str
    display_name: str
    role: Role
    created_at: str

    @classmethod
    def of(cls, user: User) -> Self:
        """Return a user as it is shown."""
        return cls(
            id=user.id,
            username=user.username,
            display_name=user.display_name,
            role=user.role,
            created_at=str(user.created_at),
        )


class SessionShown(BaseModel):
    """A sign-in that holds, for its own page.

    ``csrf_token`` goes into ``X-Tradectl-CSRF`` of whatever changes something: keep it in memory.
    """

    user: UserShown
    session_id: str
    began_at: str
    expires_at: str
    access_ends_at: str | None
    csrf_token: str
    recovery_codes_left: int


class SignInShown(BaseModel):
    """A sign-in that holds, in a list."""

    session_id: str
    began_at: str
    expires_at: str
    address: str
    agent: str
    credential_id: str
    is_this: bool

    @classmethod
    def of(cls, sign_in: SignIn, own: str) -> Self:
        """Return a sign-in as it is shown."""
        return cls(
            session_id=sign_in.session_id,
            began_at=str(sign_in.began_at),
            expires_at=str(sign_in.expires_at),
            address=sign_in.address,
            agent=sign_in.agent,
            credential_id=sign_in.credential_id,
            is_this=sign_in.session_id == own,
        )


class PasskeyShown(BaseModel):
    """A passkey of a user."""

    id: int
    user_id: str
    credential_id: str
    sign_count: int
    created_at: str
    label: str
    transports: list[str]
    is_backed_up: bool
    rp_id: str
    origin: str
    used_at: str | None
    is_suspended: bool

    @classmethod
    def of(cls, credential: UserCredential) -> Self:
        """Return a passkey as it is shown."""
        return cls.model_validate(_times_as_text(shown_passkey(credential)))


class UserRow(BaseModel):
    """A user as an administrator sees it."""

    id: str
    username: str
    display_name: str
    created_at: str
    role: Role
    is_suspended: bool
    passkeys: list[PasskeyShown]
    sessions: int
    recovery_codes_left: int

    @classmethod
    def all_of(cls, book: AccessBook, now: int) -> list[Self]:
        """Return all users, by name."""
        return [
            cls.model_validate(
                _times_as_text(row) | {"passkeys": [_times_as_text(key) for key in row["passkeys"]]}
            )
            for row in shown_users(book, now)
        ]


class RegisteredShown(BaseModel):
    """A passkey that was added; an invitation also signs in, and a new user has codes to keep."""

    username: str
    credential_id: str
    recovery_codes: list[str]
    session: SessionShown | None


class RecoveryCodes(BaseModel):
    """Ten codes, shown this once; each lets add one passkey."""

    recovery_codes: list[str]


class InvitationShown(BaseModel):
    """A link to hand over, told this once."""

    username: str
    role: Role
    link: str
    expires_at: str


class Listed[Row: BaseModel](BaseModel):
    """All rows there are."""

    items: list[Row]


def _times_as_text(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: str(row[name]) for name in row if name.endswith("_at") and row[name] is not None}
    return row | times
