"""A passkey confirms one request, byte for byte, once, and that can be checked for ever."""

from __future__ import annotations

import hashlib
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi.routing import APIRoute
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography

from engine.domain.access import Action, action_challenge
from engine.domain.facts import ActionAuthorized, PasskeyAdded, Role, RoleChanged
from tests.web.access import authenticator
from tests.web.access.authenticator import decoded
from tests.web.access.browsers import TOKEN, Browser, Gateway, proof
from web.access.step_up import step_up_of
from web.routers import ROUTERS


@pytest.fixture(scope="module")
def admin(running: Gateway) -> Browser:
    return running.user("boss", Role.ADMIN)


def test_a_confirmed_action_is_done_and_its_proof_can_be_checked_by_anybody(
    running: Gateway, admin: Browser
) -> None:
    running.user("hired")
    path, body = "/api/v1/users/hired/role", {"role": "operator"}
    assert admin.confirmed("PUT", path, body).status_code == 204
    assert running.folded().named("hired").role is Role.OPERATOR  # pyright: ignore[reportOptionalMemberAccess]
    made = running.facts(RoleChanged)[-1]
    assert (made.old.value, made.new.value, made.by) == ("viewer", "operator", "boss")
    fact = running.facts(ActionAuthorized)[-1]
    assert (fact.method, fact.path) == ("PUT", path)
    assert fact.body_hash == hashlib.sha256(json.dumps(body).encode()).hexdigest()
    action = Action(
        fact.method, fact.path, fact.body_hash, fact.idempotency_key, fact.user_id, fact.session_id
    )
    client = json.loads(decoded(fact.client_data))
    assert decoded(client["challenge"]) == action_challenge(action, decoded(fact.nonce))
    (key,) = (
        each.public_key
        for each in running.facts(PasskeyAdded)
        if each.credential_id == fact.credential_id
    )
    public = decoded_public_key_to_cryptography(decode_credential_public_key(decoded(key)))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    signed = decoded(fact.authenticator_data) + hashlib.sha256(decoded(fact.client_data)).digest()
    public.verify(decoded(fact.signature), signed, ec.ECDSA(hashes.SHA256()))


def test_another_body_or_path_than_was_confirmed_is_refused(
    running: Gateway, admin: Browser
) -> None:
    running.user("wanted")
    path = "/api/v1/users/wanted/role"
    other = admin.confirmed("PUT", path, {"role": "trader"}, instead={"role": "admin"})
    assert (other.status_code, other.json()["code"]) == (403, "step_up_of_another_request")
    first = admin.ask("PUT", path, {"role": "trader"})
    answer = authenticator.get(admin.passkey, first.json()["public_key"], running.origin)
    elsewhere = admin.ask("PUT", f"{path}?really", {"role": "trader"}, proof(answer))
    assert elsewhere.json()["code"] == "step_up_of_another_request"
    user = running.folded().named("wanted")
    assert user is not None
    assert user.role is Role.VIEWER


def test_a_confirmation_is_good_once_and_for_its_own_user(running: Gateway, admin: Browser) -> None:
    running.user("twice")
    path, body = "/api/v1/users/twice/role", {"role": "trader"}
    first = admin.ask("PUT", path, body)
    answer = authenticator.get(admin.passkey, first.json()["public_key"], running.origin)
    assert admin.ask("PUT", path, body, proof(answer)).status_code == 204
    again = admin.ask("PUT", path, body, proof(answer))
    assert (again.status_code, again.json()["code"]) == (403, "step_up_expired")
    other = running.user("other-boss", Role.ADMIN)
    asked = admin.ask("PUT", path, body).json()["public_key"]
    theirs = authenticator.get(other.passkey, asked, running.origin)
    assert admin.ask("PUT", path, body, proof(theirs)).json()["code"] == "step_up_refused"
    asked = admin.ask("PUT", path, body).json()["public_key"]
    unseen = authenticator.get(admin.passkey, asked, running.origin, is_verified=False)
    assert admin.ask("PUT", path, body, proof(unseen)).json()["code"] == "step_up_refused"
    garbled = admin.ask("PUT", path, body, {"X-Tradectl-Step-Up": "no proof"})
    assert garbled.json()["code"] == "unreadable_passkey_answer"


def test_neither_lower_roles_nor_programs_manage_users(running: Gateway) -> None:
    trader = running.user("trader", Role.OPERATOR)
    for method, path, body in (
        ("GET", "/api/v1/users", None),
        ("PUT", "/api/v1/users/boss/role", {"role": "viewer"}),
        ("POST", "/api/v1/invitations", {"username": "friend"}),
    ):
        assert trader.ask(method, path, body).json()["code"] == "rank_too_low"
    program = running.browser()
    bearer = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "", "Origin": ""}
    codes = program.ask("POST", "/api/v1/auth/recovery-codes", headers=bearer)
    assert codes.json()["code"] == "step_up_in_browser"
    assert program.ask("GET", "/api/v1/auth/sessions", headers=bearer).json() == {"items": []}
    for wrong in ({"Authorization": "Bearer nonsense"}, {"X-Forwarded-For": "10.1.1.1"}):
        refused = program.ask("GET", "/api/v1/auth/sessions", headers=bearer | wrong)
        assert (refused.status_code, refused.json()["code"]) == (401, "bad_token")


def test_a_route_says_that_it_takes_a_passkey() -> None:
    found = {
        f"{min(route.methods or {''})} {route.path}": step_up_of(route)
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
    }
    assert found["POST /invitations"] == "always"
    assert found["PUT /users/{username}/role"] == "always"
    assert found["POST /auth/recovery-codes"] == "always"
    assert found["POST /auth/sign-out"] is None
    assert found["GET /users"] is None
