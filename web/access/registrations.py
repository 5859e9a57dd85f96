"""A passkey registered by an invitation, a recovery code, or another passkey of its user."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import Any

from app.access.users import new_user_id, token_hash
from engine.domain.access import AccessBook, Invitation
from engine.domain.facts import (
    AnyPayload,
    PasskeyAdded,
    PasskeyMeans,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    SignInRefusal,
    UserAdded,
)
from web.access.challenges import PasskeyAsked
from web.access.judging import Refusal
from web.access.passkeys import NewPasskey, NotVerified
from web.access.service import AccessService
from web.access.sign_ins import (
    CHALLENGE_SECS,
    Granted,
    SignIns,
    Visitor,
    label_of,
    new_session_id,
    signed_in,
)
from web.problems import Problem

_CODES = 10
_CODE_BYTES = 10
_GROUP = 4


@dataclass(frozen=True, slots=True)
class Registered:
    """A passkey that was added.

    Attributes
    ----------
    granted : Granted, optional
        An invitation also signs in; a recovery code does not.
    codes : tuple of str
        Recovery codes of a new user, told this once.
    """

    username: str
    credential_id: str
    granted: Granted | None = None
    codes: tuple[str, ...] = ()


class Registrations:
    """Those of one gateway."""

    def __init__(self, service: AccessService, sign_ins: SignIns) -> None:
        self._service, self._sign_ins = service, sign_ins

    def by_invitation(self, token: str, display_name: str, visitor: Visitor) -> dict[str, Any]:
        """Return what a browser is to make for whoever has an invitation.

        Raises
        ------
        Problem
            It does not hold.
        """
        book = self._service.journal.book()
        found = self._invitation(book, token_hash(token))
        if found is None:
            refusal = Refusal(SignInRefusal.UNKNOWN_INVITATION)
            raise self._service.refuse(refusal, visitor.address)
        known = None if found.user_id is None else book.users[found.user_id]
        name = label_of(display_name or found.username) if known is None else known.display_name
        asked = PasskeyAsked(
            user_id=new_user_id() if known is None else known.id,
            display_name=name,
            invitation_id=found.invitation_id,
        )
        return self._options(book, asked, found.username)

    def by_recovery_code(self, code: str, visitor: Visitor) -> dict[str, Any]:
        """Return the same for whoever has a recovery code, which is not used up by that."""
        book, kept = self._service.journal.book(), code_hash(code)
        owner = book.recovery.get(kept)
        if owner is None:
            refusal = Refusal(SignInRefusal.UNKNOWN_RECOVERY_CODE)
            raise self._service.refuse(refusal, visitor.address)
        user = book.users[owner]
        if user.is_suspended:
            refusal = Refusal(SignInRefusal.USER_SUSPENDED, user.id)
            raise self._service.refuse(refusal, visitor.address)
        asked = PasskeyAsked(user.id, user.display_name, code_hash=kept)
        return self._options(book, asked, user.username)

    def by_passkey(self, user_id: str, authorization_id: str) -> dict[str, Any]:
        """Return the same for a user who has confirmed it with a passkey there is."""
        book = self._service.journal.book()
        user = book.users[user_id]
        asked = PasskeyAsked(user.id, user.display_name, authorization_id=authorization_id)
        return self._options(book, asked, user.username)

    def finish(self, response: dict[str, Any], label: str, visitor: Visitor) -> Registered:
        """Add the passkey that a browser has made.

        Raises
        ------
        Problem
            It does not hold, or what allowed it holds no more.
        JournalError
            It cannot be kept: nothing is added.
        """
        service = self._service
        label = label_of(label)
        try:
            challenge, credential = service.party.registered(response)
        except NotVerified as error:
            raise Problem(400, "unreadable_passkey_answer", str(error)) from error
        asked = service.challenges.take(challenge)
        if not isinstance(asked, PasskeyAsked):
            raise service.refuse(Refusal(SignInRefusal.UNKNOWN_CHALLENGE), visitor.address)
        try:
            new = service.party.verified_registration(credential, challenge)
        except NotVerified as error:
            refusal = Refusal(SignInRefusal.UNVERIFIED)
            raise service.refuse(refusal, visitor.address) from error
        return self._add(asked, new, label, visitor)

    def new_codes(self, user_id: str) -> tuple[str, ...]:
        """Return ten new recovery codes of a user; earlier ones hold no more."""
        codes = recovery_codes()
        made = RecoveryCodesMade(user_id, tuple(map(code_hash, codes)))
        self._service.journal.write(lambda _book, _now: (made,))
        return codes

    def _add(
        self, asked: PasskeyAsked, new: NewPasskey, label: str, visitor: Visitor
    ) -> Registered:
        session_id, codes = new_session_id(), recovery_codes()
        refusal: Refusal | None = None

        def ask(book: AccessBook, now: int) -> tuple[AnyPayload, ...]:
            nonlocal refusal
            refusal = self._no_more(book, asked)
            if refusal is not None:
                return self._service.record.facts(refusal, visitor.address)
            if new.credential_id in book.credentials:
                raise Problem(409, "passkey_known", "this passkey is registered already")
            added = self._added(asked, new, label)
            if asked.code_hash:
                return RecoveryCodeUsed(asked.user_id, asked.code_hash), added
            if asked.authorization_id:
                return (added,)
            user, codes_made = self._user(book, asked, codes)
            whose = asked.user_id, new.credential_id
            began = signed_in(whose, new.sign_count, session_id, now, visitor)
            return *user, added, *codes_made, began

        _, book = self._service.journal.write(ask)
        if refusal is not None:
            raise refusal.problem()
        username = book.users[asked.user_id].username
        if not asked.invitation_id:
            return Registered(username, new.credential_id)
        granted = self._sign_ins.granted(book, session_id)
        is_new = book.recovery.get(code_hash(codes[0])) == asked.user_id
        return Registered(username, new.credential_id, granted, codes if is_new else ())

    def _no_more(self, book: AccessBook, asked: PasskeyAsked) -> Refusal | None:
        """Return why what allowed a passkey holds no more."""
        user = book.users.get(asked.user_id)
        if user is not None and user.is_suspended:
            return Refusal(SignInRefusal.USER_SUSPENDED, user.id)
        if asked.code_hash and book.recovery.get(asked.code_hash) != asked.user_id:
            return Refusal(SignInRefusal.UNKNOWN_RECOVERY_CODE, asked.user_id)
        if asked.invitation_id:
            found = book.invitations[asked.invitation_id]
            is_taken = found.user_id is None and book.named(found.username) is not None
            if is_taken or self._invitation(book, found.token_hash) is None:
                return Refusal(SignInRefusal.UNKNOWN_INVITATION)
        return None

    def _user(
        self, book: AccessBook, asked: PasskeyAsked, codes: tuple[str, ...]
    ) -> tuple[tuple[AnyPayload, ...], tuple[AnyPayload, ...]]:
        """Return the facts of a new user and of the first codes; none for one there is."""
        if asked.user_id in book.users:
            return (), ()
        found = book.invitations[asked.invitation_id]
        added = UserAdded(
            asked.user_id, found.username, asked.display_name, found.role, found.invitation_id
        )
        made = RecoveryCodesMade(asked.user_id, tuple(map(code_hash, codes)))
        return (added,), (made,)

    def _added(self, asked: PasskeyAsked, new: NewPasskey, label: str) -> PasskeyAdded:
        means = (
            PasskeyMeans.INVITATION
            if asked.invitation_id
            else PasskeyMeans.RECOVERY_CODE
            if asked.code_hash
            else PasskeyMeans.PASSKEY
        )
        return PasskeyAdded(
            user_id=asked.user_id,
            credential_id=new.credential_id,
            public_key=new.public_key,
            sign_count=new.sign_count,
            label=label,
            transports=new.transports,
            is_backed_up=new.is_backed_up,
            rp_id=self._service.party.rp_id,
            origin=self._service.party.origin,
            means=means,
            used=asked.invitation_id or asked.code_hash or asked.authorization_id,
        )

    def _invitation(self, book: AccessBook, kept: str) -> Invitation | None:
        found = book.invitation(kept)
        # a command gave it its end by the wall clock, which may be set
        is_held = found is not None and found.holds_at(self._service.clock.latest())
        return found if is_held else None

    def _options(self, book: AccessBook, asked: PasskeyAsked, username: str) -> dict[str, Any]:
        service = self._service
        return service.party.creation_options(
            service.challenges.give(asked, CHALLENGE_SECS),
            CHALLENGE_SECS,
            user_id=asked.user_id,
            username=username,
            display_name=asked.display_name,
            known=book.passkeys(asked.user_id),
        )


def recovery_codes() -> tuple[str, ...]:
    """Return ten codes of 80 bits, as ``ABCD-EFGH-IJKL-MNOP``."""
    texts = (base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode() for _ in range(_CODES))
    return tuple(
        "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP)) for text in texts
    )


def code_hash(code: str) -> str:
    """Return what is kept of a recovery code, however it was typed."""
    return token_hash("recovery\n" + "".join(code.split()).replace("-", "").upper())
