"""A sign-in from its passkey to its end: begun, renewed, ended."""

from __future__ import annotations

import secrets
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock
from typing import Any

from app.access.renewals import Renewal
from app.access.users import wrong_name
from engine.domain.access import (
    AccessBook,
    AccessRefusal,
    AccessRefused,
    SignIn,
    User,
    end_session,
)
from engine.domain.errors import JournalError
from engine.domain.facts import (
    AnyPayload,
    RefreshReused,
    SessionEnd,
    SessionEnded,
    SignedIn,
    SignInRefusal,
)
from engine.domain.session import NANOS_PER_SECOND
from web.access.challenges import SignInAsked
from web.access.judging import Counted, Refusal, standing, suspended, verified
from web.access.passkeys import NotVerified
from web.access.service import AccessService
from web.access.tokens import SESSION_SECS
from web.problems import Problem

CHALLENGE_SECS = 120
_LONGEST_AGENT = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from, for the journal: an address and what the browser calls itself."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Granted:
    """What a browser is given once somebody is signed in, or has renewed it."""

    user: User
    sign_in: SignIn
    access: str
    access_ends_ns: int
    refresh: str


class SignIns:
    """Those of one gateway."""

    def __init__(self, service: AccessService) -> None:
        self._service = service
        self._renewing: dict[str, Future[Granted]] = {}
        self._lock = Lock()

    def options(self) -> dict[str, Any]:
        """Return what a browser is to ask of any passkey it has for this gateway."""
        challenge = self._service.challenges.give(SignInAsked(), CHALLENGE_SECS)
        return self._service.party.request_options(challenge, CHALLENGE_SECS)

    def begin(self, response: dict[str, Any], visitor: Visitor) -> Granted:
        """Let somebody in whose passkey has answered.

        Raises
        ------
        Problem
            It does not hold; where there may be a copy of it, it is suspended.
        JournalError
            It cannot be kept: nobody is let in.
        """
        service = self._service
        try:
            answer = service.party.answered(response)
        except NotVerified as error:
            raise Problem(400, "unreadable_passkey_answer", str(error)) from error
        if not isinstance(service.challenges.take(answer.challenge), SignInAsked):
            raise service.refuse(Refusal(SignInRefusal.UNKNOWN_CHALLENGE), visitor.address)
        found = verified(service.journal.book(), service.party, answer, answer.challenge)
        if isinstance(found, Counted) and not answer.user_handle:
            found = Refusal(SignInRefusal.UNVERIFIED, found.known.user_id, answer.credential_id)
        if isinstance(found, Refusal):
            raise service.refuse(found, visitor.address)
        return self._begun(found, visitor)

    def _begun(self, counted: Counted, visitor: Visitor) -> Granted:
        service, session_id = self._service, new_session_id()
        whose = counted.known.user_id, counted.known.credential_id
        refusal: Refusal | None = None

        def ask(book: AccessBook, now: int) -> tuple[AnyPayload, ...]:
            nonlocal refusal
            refusal = standing(book, counted)
            if refusal is None:
                began = signed_in(whose, counted.sign_count, session_id, now, visitor)
                return (began,)
            facts = service.record.facts(refusal, visitor.address)
            if refusal.reason is SignInRefusal.SIGN_COUNT:
                return *suspended(book, counted, now), *facts
            return facts

        _, book = service.journal.write(ask)
        if refusal is not None:
            raise refusal.problem()
        return self.granted(book, session_id)

    def granted(self, book: AccessBook, session_id: str) -> Granted:
        """Return the first tokens of a sign-in that is in the journal."""
        service, sign_in = self._service, book.sign_ins[session_id]
        refresh = service.tokens.refresh(session_id)
        service.renewals.begin(session_id, refresh, sign_in.began_at, sign_in.expires_at)
        return self._tokens(book, sign_in, refresh)

    def renew(self, refresh: str, address: str) -> Granted:
        """Give new tokens for the refresh token that counts; one that does not ends the sign-in.

        Requests that were under way with the same token at the same time get the same answer, so
        two tabs do not end each other's.

        Raises
        ------
        Problem
            401: it is no token of a sign-in that holds, or was used before.
        """
        mine: Future[Granted] = Future()
        with self._lock:
            under_way = self._renewing.setdefault(refresh, mine)
        if under_way is not mine:
            return under_way.result()
        try:
            mine.set_result(self._renew(refresh, address))
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._renewing[refresh]
        return mine.result()

    def _renew(self, refresh: str, address: str) -> Granted:
        service = self._service
        session_id = service.tokens.session_of(refresh)
        now, book = service.clock.now(), service.book()
        sign_in = None if session_id is None else book.session(session_id, now)
        if sign_in is None or session_id is None:
            raise _not_signed_in()
        new = service.tokens.refresh(session_id)
        renewal = service.renewals.renew(session_id, refresh, new, now)
        if renewal is Renewal.REUSED:
            service.renewals.end(session_id)
            self._end_reused(sign_in, address)
            raise Problem(
                401,
                "refresh_reused",
                "this sign-in was renewed from elsewhere with the same token: it has ended, sign "
                "in again",
            )
        if renewal is Renewal.UNKNOWN:
            raise _not_signed_in()
        return self._tokens(book, sign_in, new)

    def end(self, session_id: str, *, user: str | None, reason: SessionEnd, by: str) -> None:
        """End a sign-in, of one user or of anybody.

        Raises
        ------
        Problem
            404: there is no such sign-in.
        """

        def ask(book: AccessBook, now: int) -> tuple[AnyPayload, ...] | AccessRefused:
            known = book.sign_ins.get(session_id)
            if known is not None and user not in {None, known.user_id}:
                detail = "there is no such sign-in any more"
                return AccessRefused(AccessRefusal.NO_SUCH_SESSION, detail)
            return end_session(book, session_id, now, reason=reason, by=by)

        answer, _ = self._service.journal.write(ask)
        if isinstance(answer, AccessRefused):
            raise Problem(404, answer.reason.value, answer.detail)
        self._service.renewals.end(session_id)

    def _end_reused(self, sign_in: SignIn, address: str) -> None:
        whose = sign_in.user_id, sign_in.session_id
        facts = (
            RefreshReused(*whose, address),
            SessionEnded(*whose, SessionEnd.REFRESH_REUSED, "tradectl"),
        )
        try:
            self._service.journal.write(lambda _book, _now: facts)
        except JournalError as error:
            raise Problem(503, "journal_error", str(error)) from error

    def _tokens(self, book: AccessBook, sign_in: SignIn, refresh: str) -> Granted:
        user = book.users[sign_in.user_id]
        access, ends = self._service.tokens.access(
            user.id,
            sign_in.session_id,
            user.role,
            auth_ns=sign_in.began_at,
            now=self._service.clock.now(),
            expires_ns=sign_in.expires_at,
        )
        return Granted(user, sign_in, access, ends, refresh)


def signed_in(
    whose: tuple[str, str], sign_count: int, session_id: str, now: int, visitor: Visitor
) -> SignedIn:
    """Return the fact of a sign-in; ``whose`` are the ids of the user and of the passkey."""
    agent = "".join(each for each in visitor.agent if each.isprintable())[:_LONGEST_AGENT]
    return SignedIn(
        user_id=whose[0],
        credential_id=whose[1],
        session_id=session_id,
        sign_count=sign_count,
        expires_ns=now + SESSION_SECS * NANOS_PER_SECOND,
        address=visitor.address,
        agent=agent,
    )


def new_session_id() -> str:
    """Return the id of a new sign-in: 16 random bytes, base64url."""
    return secrets.token_urlsafe(16)


def _not_signed_in() -> Problem:
    return Problem(401, "not_signed_in", "nobody is signed in: sign in with a passkey")


def label_of(text: str) -> str:
    """Return what a passkey is called; raises ``Problem`` 422 for what is no name."""
    if (why := wrong_name(text)) is not None:
        raise Problem(422, "bad_name", why)
    return text
