"""Facts of the access journal → who may do what now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from msgspec.structs import replace

from engine.domain.access.rows import Invitation, SignIn, User, UserCredential
from engine.domain.facts import (
    ActionAuthorized,
    Fact,
    PasskeyAdded,
    PasskeySuspended,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    Role,
    RoleChanged,
    SessionEnded,
    SignedIn,
    UserAdded,
    UserInvited,
    UserRestored,
    UserSuspended,
)


class AccessBook:
    """A fold over facts; drop it and fold them again, and it is the same.

    Attributes
    ----------
    seq, head : int, str
        The last fact in it, and that fact's hash.
    newest_ns : int
        The latest instant that any of the facts names as its own, UTC ns.
    users : dict of User by id
    credentials : dict of UserCredential by ``credential_id``
    sign_ins : dict of SignIn by ``session_id``
        Those of a user that are over are dropped when the user signs in again.
    invitations : dict of Invitation by id
    recovery : dict of str by str
        Whose a recovery code is that has not been used, by its hash.
    """

    def __init__(self) -> None:
        self.seq, self.head, self.newest_ns = 0, "", 0
        self.users: dict[str, User] = {}
        self.credentials: dict[str, UserCredential] = {}
        self.sign_ins: dict[str, SignIn] = {}
        self.invitations: dict[str, Invitation] = {}
        self.recovery: dict[str, str] = {}

    def copy(self) -> Self:
        """Return a book of its own with the same rows."""
        twin = type(self)()
        twin.seq, twin.head, twin.newest_ns = self.seq, self.head, self.newest_ns
        twin.users, twin.credentials = dict(self.users), dict(self.credentials)
        twin.sign_ins, twin.invitations = dict(self.sign_ins), dict(self.invitations)
        twin.recovery = dict(self.recovery)
        return twin

    def after(self, facts: Iterable[Fact]) -> Self:
        """Return the book after more facts; this one stays as it is."""
        twin = self.copy()
        for fact in facts:
            twin.post(fact)
        return twin

    def named(self, username: str) -> User | None:
        """Return the user of a name, whatever its capitals; None where there is none."""
        wanted = username.casefold()
        return next((one for one in self.users.values() if one.username.casefold() == wanted), None)

    def passkeys(self, user_id: str) -> list[UserCredential]:
        """Return a user's passkeys, suspended ones included, oldest first."""
        return [one for one in self.credentials.values() if one.user_id == user_id]

    def session(self, session_id: str, now: int) -> SignIn | None:
        """Return a sign-in that holds at an instant (UTC ns); a user's suspension ends theirs."""
        found = self.sign_ins.get(session_id)
        return found if found is not None and found.holds_at(now) else None

    def sessions(self, user_id: str, now: int) -> list[SignIn]:
        """Return the sign-ins of a user that hold at an instant (UTC ns), oldest first."""
        return [
            one for one in self.sign_ins.values() if one.user_id == user_id and one.holds_at(now)
        ]

    def administrators(self) -> list[User]:
        """Return the users who may manage the others."""
        return [
            one for one in self.users.values() if one.role is Role.ADMIN and not one.is_suspended
        ]

    def recovery_codes_left(self, user_id: str) -> int:
        """Return how many recovery codes a user has not used."""
        return sum(owner == user_id for owner in self.recovery.values())

    def invitation(self, token_hash: str) -> Invitation | None:
        """Return the invitation of a link by the hash of what it carries."""
        found = (one for one in self.invitations.values() if one.token_hash == token_hash)
        return next(found, None)

    def post(self, fact: Fact) -> None:
        """Take in the fact that follows; a book that others read is copied first."""
        self.seq, self.head = fact.seq, fact.hash
        self.newest_ns = max(self.newest_ns, fact.ts_event)
        match fact.payload:
            case UserInvited() as made:
                self._invite(made)
            case UserAdded() as made:
                self.users[made.user_id] = User(
                    made.user_id, made.username, made.display_name, fact.ts_event, made.role
                )
                self._use(made.invitation_id)
            case RoleChanged() as made:
                self.users[made.user_id] = replace(self.users[made.user_id], role=made.new)
            case UserSuspended(user_id=user_id) | UserRestored(user_id=user_id):
                is_suspended = isinstance(fact.payload, UserSuspended)
                self.users[user_id] = replace(self.users[user_id], is_suspended=is_suspended)
            case _:
                self._post_proof(fact)

    def _post_proof(self, fact: Fact) -> None:
        """Take in what concerns passkeys, sign-ins and codes."""
        match fact.payload:
            case PasskeyAdded() as made:
                self._add_passkey(made, fact)
            case PasskeySuspended(credential_id=credential_id):
                suspended = replace(self.credentials[credential_id], is_suspended=True)
                self.credentials[credential_id] = suspended
            case SignedIn() as made:
                self._sign_in(made, fact.ts_event)
            case SessionEnded(session_id=session_id):
                if session_id in self.sign_ins:
                    ended = replace(self.sign_ins[session_id], is_ended=True)
                    self.sign_ins[session_id] = ended
            case RecoveryCodesMade() as made:
                kept = {code: one for code, one in self.recovery.items() if one != made.user_id}
                self.recovery = kept | dict.fromkeys(made.code_hashes, made.user_id)
            case RecoveryCodeUsed(code_hash=code_hash):
                self.recovery.pop(code_hash, None)
            case ActionAuthorized() as made:
                self._count(made.credential_id, made.sign_count, fact.ts_event)
            case _:
                pass

    def _invite(self, made: UserInvited) -> None:
        self.invitations[made.invitation_id] = Invitation(
            made.invitation_id,
            made.token_hash,
            made.username,
            made.role,
            made.user_id,
            made.expires_ns,
            made.by,
        )

    def _use(self, invitation_id: str) -> None:
        if invitation_id in self.invitations:
            used = replace(self.invitations[invitation_id], is_used=True)
            self.invitations[invitation_id] = used

    def _add_passkey(self, made: PasskeyAdded, fact: Fact) -> None:
        self._use(made.used)
        self.credentials[made.credential_id] = UserCredential(
            id=fact.seq,
            user_id=made.user_id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            created_at=fact.ts_event,
            label=made.label,
            transports=made.transports,
            is_backed_up=made.is_backed_up,
            rp_id=made.rp_id,
            origin=made.origin,
        )

    def _sign_in(self, made: SignedIn, ts: int) -> None:
        self._count(made.credential_id, made.sign_count, ts)
        over = [
            one.session_id
            for one in self.sign_ins.values()
            if one.user_id == made.user_id and not one.holds_at(ts)
        ]
        for session_id in over:
            del self.sign_ins[session_id]
        self.sign_ins[made.session_id] = SignIn(
            session_id=made.session_id,
            user_id=made.user_id,
            credential_id=made.credential_id,
            began_at=ts,
            expires_at=made.expires_ns,
            address=made.address,
            agent=made.agent,
        )

    def _count(self, credential_id: str, sign_count: int, ts: int) -> None:
        known = self.credentials[credential_id]
        self.credentials[credential_id] = replace(known, sign_count=sign_count, used_at=ts)
