"""Whether a passkey's answer lets somebody in, and what is recorded where it does not."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.access import AccessBook, UserCredential
from engine.domain.facts import (
    AnyPayload,
    PasskeySuspended,
    PasskeySuspension,
    SessionEnd,
    SessionEnded,
    SignInRefusal,
    SignInRefused,
)
from web.access.limits import RateLimit
from web.access.passkeys import Answer, NotVerified, RelyingParty
from web.problems import Problem

_RECORDED_PER_HOUR = 30

_WORDS = {
    SignInRefusal.UNKNOWN_CHALLENGE: "the challenge is unknown, used or too old: start again",
    SignInRefusal.UNKNOWN_PASSKEY: "this passkey is not known here: use another, or be invited",
    SignInRefusal.UNVERIFIED: "the passkey's answer does not hold: start again",
    SignInRefusal.SIGN_COUNT: "this passkey counted no further than before, so there may be a copy "
    "of it: it is suspended; add another with a recovery code",
    SignInRefusal.PASSKEY_SUSPENDED: "this passkey is suspended: use another, or a recovery code",
    SignInRefusal.USER_SUSPENDED: "this user is suspended: ask an administrator",
    SignInRefusal.UNKNOWN_INVITATION: "the invitation is unknown, used or older than 15 minutes: "
    "ask for another, or make one with 'tradectl web invite NAME --role ROLE'",
    SignInRefusal.UNKNOWN_RECOVERY_CODE: "the recovery code is unknown or used",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody is not let in, and whose passkey it was, where that is known."""

    reason: SignInRefusal
    user_id: str | None = None
    credential_id: str | None = None

    def problem(self, status: int = 401) -> Problem:
        """Return what is answered."""
        return Problem(status, self.reason.value, _WORDS[self.reason])


@dataclass(frozen=True, slots=True)
class Counted:
    """An answer that holds: of which passkey, and how far that has counted."""

    known: UserCredential
    sign_count: int


def verified(
    book: AccessBook, party: RelyingParty, answer: Answer, challenge: bytes
) -> Counted | Refusal:
    """Return the passkey of an answer whose signature, origin and challenge hold."""
    known = book.credentials.get(answer.credential_id)
    if known is None:
        return Refusal(SignInRefusal.UNKNOWN_PASSKEY)
    try:
        return Counted(known, party.verified_answer(answer, challenge, known))
    except NotVerified:
        return Refusal(SignInRefusal.UNVERIFIED, known.user_id, known.credential_id)


def standing(book: AccessBook, counted: Counted) -> Refusal | None:
    """Return why a passkey is not taken although its answer holds; None if it is."""
    known = book.credentials[counted.known.credential_id]
    whose = known.user_id, known.credential_id
    if known.is_suspended:
        return Refusal(SignInRefusal.PASSKEY_SUSPENDED, *whose)
    if counted.sign_count <= known.sign_count and (counted.sign_count or known.sign_count):
        return Refusal(SignInRefusal.SIGN_COUNT, *whose)
    if book.users[known.user_id].is_suspended:
        return Refusal(SignInRefusal.USER_SUSPENDED, *whose)
    return None


def suspended(book: AccessBook, counted: Counted, now: int) -> tuple[AnyPayload, ...]:
    """Return the facts of a passkey that there may be a copy of: it and its sign-ins end."""
    known = book.credentials[counted.known.credential_id]
    detail = f"its count is {counted.sign_count}, expected more than {known.sign_count}"
    made = PasskeySuspended(
        known.user_id, known.credential_id, PasskeySuspension.SIGN_COUNT, detail
    )
    return made, *ended_with(book, known.credential_id, now)


def ended_with(book: AccessBook, credential_id: str, now: int) -> tuple[SessionEnded, ...]:
    """Return the ends of the sign-ins that a passkey began and that hold."""
    return tuple(
        SessionEnded(one.user_id, one.session_id, SessionEnd.PASSKEY_SUSPENDED, "tradectl")
        for one in book.sign_ins.values()
        if one.credential_id == credential_id and one.holds_at(now)
    )


class RefusalRecord:
    """Which refusals become facts: some an hour, the others are counted."""

    def __init__(self) -> None:
        self._limit = RateLimit(_RECORDED_PER_HOUR, _RECORDED_PER_HOUR / 3600)
        self._unrecorded = 0

    def facts(self, refusal: Refusal, address: str) -> tuple[SignInRefused, ...]:
        """Return the fact of a refusal, or count it."""
        if not self._limit.allows("all"):
            self._unrecorded += 1
            return ()
        unrecorded, self._unrecorded = self._unrecorded, 0
        whose = refusal.user_id, refusal.credential_id
        return (SignInRefused(*whose, refusal.reason, address, unrecorded),)
