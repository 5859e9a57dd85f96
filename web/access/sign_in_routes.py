"""``/api/v1/auth``: register a passkey, sign in, renew, see and end one's own sign-ins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from engine.domain.access import AccessBook, SignIn, User
from engine.domain.facts import AnyPayload, PasskeySuspended, PasskeySuspension, SessionEnd
from engine.domain.session import NANOS_PER_SECOND
from web.access.gatekeeper import LOCAL, AccessGatekeeper
from web.access.judging import ended_with
from web.access.limits import RateLimit
from web.access.registrations import Registrations
from web.access.service import AccessService
from web.access.shapes import (
    BrowserOptions,
    Listed,
    NewPasskeyAnswer,
    PasskeyAnswer,
    PasskeyShown,
    RecoveryCodes,
    RegisteredShown,
    RegistrationWish,
    SessionShown,
    SignInShown,
    UserShown,
)
from web.access.sign_ins import Granted, SignIns, Visitor
from web.access.step_up import SteppedUpOf
from web.access.tokens import ACCESS_COOKIE, ACCESS_SECS, REFRESH_COOKIE, REFRESH_PATH
from web.callers import Caller, CallerOf
from web.problems import Problem
from web.settings import GatewaySettings

router = APIRouter(prefix="/auth", tags=["auth"])

_PER_MINUTE = 5
_ASKED_PER_MINUTE = 30


class Access:
    """What the routes work with; kept in ``app.state.access``."""

    def __init__(self, settings: GatewaySettings, service: AccessService) -> None:
        self.settings, self.service = settings, service
        self.gatekeeper = AccessGatekeeper(settings, service)
        self.sign_ins = SignIns(service)
        self.registrations = Registrations(service, self.sign_ins)
        self._failures = RateLimit(_PER_MINUTE, _PER_MINUTE / 60)
        self._asked = RateLimit(_ASKED_PER_MINUTE, _ASKED_PER_MINUTE / 60)

    def visitor(self, request: Request) -> Visitor:
        """Return where a request comes from; a proxy in front says so in its last entry."""
        address = request.client.host if request.client else ""
        forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if self.settings.is_behind_proxy and forwarded:
            address = forwarded[:64]
        return Visitor(address, request.headers.get("user-agent", ""))

    @contextmanager
    def attempt(self, request: Request) -> Iterator[Visitor]:
        """Yield the visitor, five of whose attempts may fail in a minute."""
        visitor = self.visitor(request)
        self._failures.refuse_more(visitor.address)
        try:
            yield visitor
        except Problem as problem:
            if problem.status < 500:  # noqa: PLR2004  (what is below is the visitor's)
                self._failures.charge(visitor.address)
            raise

    def count_asked(self, request: Request) -> None:
        """Take one of the challenges that a visitor may have in a minute."""
        self._asked.take(self.visitor(request).address)

    def shown(
        self, book: AccessBook, user: User, sign_in: SignIn, access_ends_ns: int | None
    ) -> SessionShown:
        """Return a sign-in for its own page."""
        return SessionShown(
            user=UserShown.of(user),
            session_id=sign_in.session_id,
            began_at=str(sign_in.began_at),
            expires_at=str(sign_in.expires_at),
            access_ends_at=None if access_ends_ns is None else str(access_ends_ns),
            csrf_token=self.service.tokens.csrf(sign_in.session_id),
            recovery_codes_left=book.recovery_codes_left(user.id),
        )

    def grant(self, response: Response, granted: Granted) -> SessionShown:
        """Give a browser its cookies, and its page what it shows."""
        left = granted.sign_in.expires_at - self.service.clock.now()
        for name, value, path, secs in (
            (ACCESS_COOKIE, granted.access, "/", ACCESS_SECS),
            (REFRESH_COOKIE, granted.refresh, REFRESH_PATH, left // NANOS_PER_SECOND),
        ):
            response.set_cookie(
                name, value, max_age=secs, path=path, secure=True, httponly=True, samesite="strict"
            )
        book = self.service.journal.known()
        return self.shown(book, granted.user, granted.sign_in, granted.access_ends_ns)


def access_of(request: Request) -> Access:
    """Return what the routes work with."""
    return request.app.state.access


type AccessOf = Annotated[Access, Depends(access_of)]


def forget(response: Response) -> None:
    """Have a browser drop both cookies."""
    for name, path in ((ACCESS_COOKIE, "/"), (REFRESH_COOKIE, REFRESH_PATH)):
        response.delete_cookie(name, path=path, secure=True, httponly=True, samesite="strict")


@router.post("/registration/options")
def registration_options(
    wish: RegistrationWish, access: AccessOf, request: Request
) -> BrowserOptions:
    """Return what the browser is to make for an invitation or a recovery code."""
    if (wish.invitation is None) == (wish.recovery_code is None):
        raise Problem(422, "invitation_or_code", "give either an invitation or a recovery_code")
    with access.attempt(request) as visitor:
        if wish.invitation is not None:
            made = access.registrations.by_invitation(wish.invitation, wish.display_name, visitor)
        else:
            made = access.registrations.by_recovery_code(wish.recovery_code or "", visitor)
    return BrowserOptions(public_key=made)


@router.post("/registration", status_code=201)
def register(
    answer: NewPasskeyAnswer, access: AccessOf, request: Request, response: Response
) -> RegisteredShown:
    """Add the passkey that the browser made; one by invitation is signed in with at once."""
    with access.attempt(request) as visitor:
        found = access.registrations.finish(answer.credential, answer.label, visitor)
    return RegisteredShown(
        username=found.username,
        credential_id=found.credential_id,
        recovery_codes=list(found.codes),
        session=None if found.granted is None else access.grant(response, found.granted),
    )


@router.post("/sign-in/options")
def sign_in_options(access: AccessOf, request: Request) -> BrowserOptions:
    """Return what the browser is to ask its passkeys."""
    access.count_asked(request)
    return BrowserOptions(public_key=access.sign_ins.options())


@router.post("/sign-in")
def sign_in(
    answer: PasskeyAnswer, access: AccessOf, request: Request, response: Response
) -> SessionShown:
    """Sign in with what a passkey answered."""
    with access.attempt(request) as visitor:
        granted = access.sign_ins.begin(answer.credential, visitor)
    return access.grant(response, granted)


@router.post("/refresh")
def refresh(access: AccessOf, request: Request, response: Response) -> SessionShown:
    """Renew both cookies; a refresh token is good for one time.

    Ask from one tab at a time (Web Locks), and not where another tab has just done it.
    """
    access.gatekeeper.refuse_other_pages(request, is_read=False)
    token = request.cookies.get(REFRESH_COOKIE, "")
    granted = access.sign_ins.renew(token, access.visitor(request).address)
    return access.grant(response, granted)


@router.get("/session")
def session(access: AccessOf, caller: CallerOf) -> SessionShown:
    """Return who is signed in, and the token that its page shows with each change."""
    _refuse_program(caller)
    book = access.service.journal.known()
    return access.shown(book, book.users[caller.user_id], book.sign_ins[caller.session_id], None)


@router.post("/sign-out", status_code=204)
def sign_out(access: AccessOf, caller: CallerOf, response: Response) -> None:
    """End this sign-in."""
    _refuse_program(caller)
    ends = SessionEnd.SIGNED_OUT
    access.sign_ins.end(caller.session_id, user=caller.user_id, reason=ends, by=caller.username)
    forget(response)


@router.get("/sessions")
def sessions(access: AccessOf, caller: CallerOf) -> Listed[SignInShown]:
    """List the caller's sign-ins that hold, oldest first."""
    book, now = access.service.book(), access.service.clock.now()
    mine = book.sessions(caller.user_id, now)
    return Listed(items=[SignInShown.of(each, caller.session_id) for each in mine])


@router.delete("/sessions/{session_id}", status_code=204)
def end_one(session_id: str, access: AccessOf, caller: CallerOf) -> None:
    """End one of the caller's sign-ins."""
    reason = SessionEnd.OWNER
    access.sign_ins.end(session_id, user=caller.user_id, reason=reason, by=caller.username)


@router.get("/passkeys")
def passkeys(access: AccessOf, caller: CallerOf) -> Listed[PasskeyShown]:
    """List the caller's passkeys, oldest first."""
    mine = access.service.book().passkeys(caller.user_id)
    return Listed(items=[PasskeyShown.of(each) for each in mine])


@router.post("/passkeys/options")
def passkey_options(access: AccessOf, caller: CallerOf, proof: SteppedUpOf) -> BrowserOptions:
    """Return what the browser is to make for one more passkey; finish with ``/registration``."""
    return BrowserOptions(public_key=access.registrations.by_passkey(caller.user_id, proof))


@router.delete("/passkeys/{credential_id}", status_code=204)
def suspend_passkey(
    credential_id: str, access: AccessOf, caller: CallerOf, proof: SteppedUpOf
) -> None:
    """Suspend one of the caller's passkeys for good, and end what it signed in."""
    del proof

    def ask(book: AccessBook, now: int) -> tuple[AnyPayload, ...]:
        mine = [one for one in book.passkeys(caller.user_id) if not one.is_suspended]
        if credential_id not in {one.credential_id for one in mine}:
            raise Problem(404, "no_such_passkey", "there is no such passkey of yours")
        if len(mine) == 1:
            raise Problem(409, "last_passkey", "it is your only passkey: add another one first")
        reason = PasskeySuspension.OWNER
        made = PasskeySuspended(caller.user_id, credential_id, reason, "by its owner")
        return made, *ended_with(book, credential_id, now)

    access.service.journal.write(ask)


@router.post("/recovery-codes")
def recovery_codes(access: AccessOf, caller: CallerOf, proof: SteppedUpOf) -> RecoveryCodes:
    """Make ten new recovery codes; those made before hold no more."""
    del proof
    return RecoveryCodes(recovery_codes=list(access.registrations.new_codes(caller.user_id)))


def _refuse_program(caller: Caller) -> None:
    if caller.session_id == LOCAL:
        raise Problem(409, "no_session", "a program with the token of this machine has no session")
