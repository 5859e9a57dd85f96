"""One request confirmed with a passkey: asked for, proved, and kept as a fact.

A route that always takes it declares a parameter of type ``SteppedUpOf``. One that takes it for
some bodies alone (what loosens a limit) is declared with ``openapi_extra=STEP_UP_SOMETIMES`` and
awaits ``confirmed(request, caller)`` where it finds one. Exits do neither.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from engine.domain.access import AccessBook, Action, action_challenge
from engine.domain.facts import ActionAuthorized, AnyPayload
from engine.domain.unreadable import UNREADABLE
from web.access.challenges import ActionAsked
from web.access.judging import Refusal, standing, suspended, verified
from web.access.passkeys import NotVerified
from web.access.service import AccessService
from web.callers import Caller, CallerOf, Gatekeeper
from web.problems import Problem

HEADER = "X-Tradectl-Step-Up"
"""Carries the answer of the passkey: base64url of its JSON."""

STEP_UP_SOMETIMES = {"x-tradectl-step-up": "sometimes"}
_ALWAYS = "always"

STEP_UP_SECS = 60
_NONCE_BYTES = 32
_AUTHORIZATION_BYTES = 8


async def confirmed(request: Request, caller: Caller) -> str:
    """Return the id of the fact that this very request was confirmed with a passkey.

    Raises
    ------
    Problem
        403 with the code ``step_up_required`` and a challenge where it was not.
    """
    gatekeeper: Gatekeeper = request.app.state.gatekeeper
    return await gatekeeper.stepped_up(request, caller)


async def _confirmed(request: Request, caller: CallerOf) -> str:
    return await confirmed(request, caller)


type SteppedUpOf = Annotated[str, Depends(_confirmed)]
"""Of a route: the id of the proof that its caller confirmed this very request with a passkey."""


def step_up_of(route: APIRoute) -> str | None:
    """Return when a route takes a passkey: ``always``, ``sometimes``, None for never."""
    if _depends(route.dependant):
        return _ALWAYS
    return (route.openapi_extra or {}).get("x-tradectl-step-up")


def _depends(dependant: Dependant) -> bool:
    return any(each.call is _confirmed or _depends(each) for each in dependant.dependencies)


class StepUps:
    """Those of one gateway."""

    def __init__(self, service: AccessService) -> None:
        self._service = service

    async def proof(self, request: Request, caller: Caller) -> str:
        """Return the id of the proof that a request was confirmed; see ``confirmed``."""
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        action = Action(
            method=request.method,
            path=path,
            body_hash=hashlib.sha256(await request.body()).hexdigest(),
            idempotency_key=request.headers.get("Idempotency-Key", ""),
            user_id=caller.user_id,
            session_id=caller.session_id,
        )
        answer = request.headers.get(HEADER)
        if answer is None:
            raise await asyncio.to_thread(self._asked, action)
        return await asyncio.to_thread(self._proved, action, answer)

    def _asked(self, action: Action) -> Problem:
        """Return the answer that asks for a passkey."""
        service, nonce = self._service, secrets.token_bytes(_NONCE_BYTES)
        asked = ActionAsked(action.session_id, nonce)
        challenge = service.challenges.give(asked, STEP_UP_SECS, action_challenge(action, nonce))
        mine = service.book().passkeys(action.user_id)
        return Problem(
            403,
            "step_up_required",
            f"confirm with a passkey within {STEP_UP_SECS} s, and send the same request again with "
            f"its answer in {HEADER}",
            public_key=service.party.request_options(challenge, STEP_UP_SECS, mine),
        )

    def _proved(self, action: Action, text: str) -> str:
        service, party = self._service, self._service.party
        try:
            answer = party.answered(_read(text))
        except NotVerified as error:
            raise Problem(400, "unreadable_passkey_answer", str(error)) from error
        asked = service.challenges.take(answer.challenge)
        if not isinstance(asked, ActionAsked):
            raise Problem(
                403,
                "step_up_expired",
                f"the confirmation is older than {STEP_UP_SECS} s or was used: ask again",
            )
        if action_challenge(action, asked.nonce) != answer.challenge:
            raise Problem(
                403,
                "step_up_of_another_request",
                "what was confirmed is another request: confirm this one",
            )
        book = service.journal.book()
        found = verified(book, party, answer, answer.challenge)
        if isinstance(found, Refusal) or found.known.user_id != action.user_id:
            raise Problem(403, "step_up_refused", "the passkey's answer does not hold")
        response = answer.credential.response
        made = ActionAuthorized(
            authorization_id=secrets.token_hex(_AUTHORIZATION_BYTES),
            **msgspec.structs.asdict(action),
            nonce=_base64url(asked.nonce),
            credential_id=found.known.credential_id,
            sign_count=found.sign_count,
            client_data=_base64url(response.client_data_json),
            authenticator_data=_base64url(response.authenticator_data),
            signature=_base64url(response.signature),
        )
        refusal: Refusal | None = None

        def ask(book: AccessBook, now: int) -> tuple[AnyPayload, ...]:
            nonlocal refusal
            refusal = standing(book, found)
            if refusal is None:
                return (made,)
            is_copied = refusal.reason.value == "sign_count"
            return suspended(book, found, now) if is_copied else ()

        service.journal.write(ask)
        if refusal is not None:
            raise refusal.problem(403)
        return made.authorization_id


def _read(text: str) -> dict[str, Any]:
    """Return the JSON object in a header."""
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (*UNREADABLE, ValueError) as error:
        raise NotVerified("unreadable: expected base64url of a JSON object") from error
    if not isinstance(found, dict):
        raise NotVerified("unreadable: expected a JSON object")
    return found


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
