"""``/api/v1/users`` and ``/invitations``: who may use the gateway, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from app.access.users import invite, restore, set_role, suspend
from engine.domain.access import AccessRefusal, AccessRefused
from engine.domain.errors import ConfigError
from web.access.shapes import (
    InvitationShown,
    InvitationWish,
    Listed,
    Reason,
    RoleWish,
    UserRow,
)
from web.access.sign_in_routes import AccessOf
from web.access.step_up import SteppedUpOf
from web.callers import Caller, CallerOf, Rank
from web.problems import Problem

router = APIRouter(tags=["users"])


def _administrator(caller: CallerOf) -> Caller:
    if caller.rank < Rank.ADMIN:
        raise Problem(403, "rank_too_low", f"this takes an admin; you are {caller.rank.label}")
    return caller


type Administrator = Annotated[Caller, Depends(_administrator)]


@router.get("/users")
def users(access: AccessOf, caller: Administrator) -> Listed[UserRow]:
    """List users by name, with their passkeys and how many sign-ins hold."""
    del caller
    return Listed(items=UserRow.all_of(access.service.book(), access.service.clock.now()))


@router.put("/users/{username}/role", status_code=204)
def change_role(
    username: str, wish: RoleWish, access: AccessOf, caller: Administrator, proof: SteppedUpOf
) -> None:
    """Give a user another role; it holds at once."""
    del proof
    _refuse(set_role(access.service.journal, username, wish.role, by=caller.username))


@router.post("/users/{username}/suspend", status_code=204)
def suspend_user(
    username: str, reason: Reason, access: AccessOf, caller: Administrator, proof: SteppedUpOf
) -> None:
    """Let a user do nothing more; their sign-ins end."""
    del proof
    journal, by = access.service.journal, caller.username
    try:
        _refuse(suspend(journal, username, by=by, because=reason.because))
    except ConfigError as error:
        raise Problem(422, "holds_a_secret", str(error)) from error


@router.post("/users/{username}/restore", status_code=204)
def restore_user(
    username: str, reason: Reason, access: AccessOf, caller: Administrator, proof: SteppedUpOf
) -> None:
    """Let a suspended user sign in again."""
    del proof
    journal, by = access.service.journal, caller.username
    try:
        _refuse(restore(journal, username, by=by, because=reason.because))
    except ConfigError as error:
        raise Problem(422, "holds_a_secret", str(error)) from error


@router.post("/invitations", status_code=201)
def make_invitation(
    wish: InvitationWish, access: AccessOf, caller: Administrator, proof: SteppedUpOf
) -> InvitationShown:
    """Make a link that lets one person register a passkey, once, within 15 minutes."""
    del proof
    made = invite(
        access.service.journal,
        wish.username,
        wish.role,
        by=caller.username,
        is_for_user=wish.add_passkey,
    )
    if isinstance(made, AccessRefused):
        raise _problem(made)
    return InvitationShown(
        username=made.username,
        role=made.role,
        link=made.link(access.settings.origin),
        expires_at=str(made.expires_ns),
    )


def _refuse(answer: AccessRefused | None) -> None:
    if answer is not None:
        raise _problem(answer)


def _problem(answer: AccessRefused) -> Problem:
    status = {AccessRefusal.NO_SUCH_USER: 404, AccessRefusal.BAD_NAME: 422}
    return Problem(status.get(answer.reason, 409), answer.reason.value, answer.detail)
