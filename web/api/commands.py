"""Commands to a live run or session: previewed, given once, answered when the engine has."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args

import msgspec
from fastapi import Header, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Discriminator, Field
from starlette.responses import Response

from app.commands.give import CommandReport, CommandStatus, Proposal, proposed
from app.commands.given import GivenCommand, given_command, given_commands, is_same
from app.commands.governor_status import governor_status
from app.commands.grammar import parse
from app.commands.inbox import DESK_COMMAND
from app.commands.phrases import phrases
from app.commands.questions import answered
from app.commands.wishes import (
    ChangeParameters,
    CloseSymbol,
    Confirm,
    Quit,
    RunWish,
    TicketWish,
    Topic,
)
from app.commands.wishes import (
    Query as Question,
)
from app.commands.words import GrammarError
from engine.domain.commands import (
    AnyCommand,
    FlattenSymbol,
    LockSymbol,
    SetWeights,
    UnlockSymbol,
)
from engine.domain.errors import NotFoundError
from engine.domain.symbols import expect_symbol
from web.answer import Cursor, Limit, answer, page
from web.blocking import Asked, AskedOf
from web.callers import Caller, CallerOf, Gatekeeper
from web.places import Places
from web.problems import Problem
from web.rights import PREFIX, router
from web.run_name import RunName, with_near_names
from web.shapes import page_shape, shape

routes = router("commands")

SOURCE = "web"
_LOOK_SECS = 0.1


class CloseSymbolBody(msgspec.Struct, frozen=True, tag_field="command", tag="close_symbol"):
    """Close the open trade in a symbol."""

    symbol: str


class ChangeParametersBody(
    msgspec.Struct, frozen=True, tag_field="command", tag="change_parameters"
):
    """Change parameters of the run from those in force, without the version looked at."""

    values: dict[str, Any]
    because: str


class SetWeightsBody(BaseModel):
    """Weigh the strategies anew from the next bucket on; those not named weigh 1."""

    model_config = ConfigDict(extra="forbid")

    command: Literal["set_weights"]
    weights: dict[str, Annotated[float, Field(ge=0)]] = Field(examples=[{"reversion": 2}])


type _AnyBody = AnyCommand | CloseSymbolBody | ChangeParametersBody
_BODIES = (
    *(shape(each) for each in get_args(AnyCommand) if each is not SetWeights),
    SetWeightsBody,
    shape(CloseSymbolBody),
    shape(ChangeParametersBody),
)

if TYPE_CHECKING:
    type CommandBody = BaseModel
else:
    CommandBody = Annotated[Union[_BODIES], Discriminator("command")]  # noqa: UP007
    """One model for each command, told apart by what they call themselves."""

CommandKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=100,
        pattern=r"^[A-Za-z0-9._:-]+$",
        description="Becomes the id of the command: under the same key it is done once.",
        examples=["7f1c9a52e0d84c0b"],
    ),
]
CommandId = Annotated[str, Path(min_length=1, max_length=100, examples=["7f1c9a52e0d84c0b"])]


class Said(BaseModel):
    """A command or question in words, as `tradectl say` takes it; a command is given with `yes`."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=1_000, examples=["flatten AAPL"])
    run: str = Field("latest", min_length=1, max_length=200)
    yes: bool = False


@routes.get("/runs/{run}/commands", response_model=page_shape(shape(GivenCommand)))
async def list_commands(
    asked: AskedOf, run: RunName, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """List the commands given to a run, the newest first, each with what the engine said of it."""
    find = with_near_names(given_commands, run, asked.places)
    found = await asked.of(find, run, asked.places.database)
    items, after = page(found[::-1], lambda each: (each.command_id,), cursor, limit)
    return answer({"items": items, "next": after})


@routes.post("/runs/{run}/commands/preview", response_model=shape(CommandReport))
async def preview_command(
    asked: AskedOf, caller: CallerOf, run: RunName, body: CommandBody
) -> Response:
    """Say in one line what a command would do; nothing is given."""
    proposal = await _proposal(asked, caller, run, _wish(body), None)
    return answer(proposal.report)


@routes.post("/runs/{run}/commands", status_code=202, response_model=shape(GivenCommand))
async def give_command(
    request: Request,
    asked: AskedOf,
    caller: CallerOf,
    run: RunName,
    body: CommandBody,
    key: CommandKey = None,
) -> Response:
    """Give a command; its answer is at `Location` and in the stream when the engine gave it."""
    return await _give(request, asked, caller, run, _wish(body), key)


@routes.get("/runs/{run}/commands/{command_id}", response_model=shape(GivenCommand))
async def one_command(
    request: Request,
    asked: AskedOf,
    run: RunName,
    command_id: CommandId,
    wait_secs: Annotated[
        float, Query(ge=0, le=20, description="Wait so long for it to be done or refused.")
    ] = 0,
) -> Response:
    """Say how far a command has come."""
    find = with_near_names(given_command, run, asked.places)
    until = time.monotonic() + wait_secs
    while True:
        found = await asked.of(find, run, asked.places.database, command_id)
        is_open = found.status in {CommandStatus.UNANSWERED, CommandStatus.ACCEPTED}
        if not is_open or time.monotonic() >= until or await request.is_disconnected():
            return answer(found)
        await asyncio.sleep(_LOOK_SECS)


@routes.post("/say")
async def say(
    request: Request, asked: AskedOf, caller: CallerOf, body: Said, key: CommandKey = None
) -> Response:
    """Take a command or question in words; a command is shown first, and given with `yes`."""
    places = asked.places
    try:
        wish = parse(body.text)
    except GrammarError as error:
        raise Problem(
            422,
            "no_command",
            str(error),
            column=error.column,
            expected=error.expected,
            suggestion=error.suggestion,
        ) from error
    match wish:
        case Question(topic=Topic.HELP, subject=subject):
            return answer({"commands": phrases(subject)})
        case Question(topic=Topic.STATUS, subject=None):
            status, integrity = await asked.of(
                with_near_names(governor_status, body.run, places), places.database, body.run
            )
            return answer(msgspec.to_builtins(status) | {"integrity": integrity})
        case Question(topic=Topic.STATUS, subject=subject):
            raise Problem(422, "no_command", f"status is the whole run's; ask: why {subject}")
        case Question():
            ask = with_near_names(answered, body.run, places)
            found, integrity = await asked.of(
                ask, wish, run=body.run, database=places.database, runs=places.runs
            )
            return answer(msgspec.to_builtins(found) | {"integrity": integrity})
        case TicketWish() | Confirm() | Quit():
            raise Problem(
                422, "not_here", f"{body.text!r} is understood, but nothing takes it here"
            )
        case _ if body.yes:
            return await _give(request, asked, caller, body.run, wish, key)
        case _:
            return answer((await _proposal(asked, caller, body.run, wish, None)).report)


async def _give(
    request: Request, asked: Asked, caller: Caller, run: str, wish: RunWish, key: str | None
) -> Response:
    """Put a command into the log of its run, once; what loosens takes a confirmation first."""
    if key is None:
        raise Problem(
            428,
            "key_required",
            "name the command: Idempotency-Key with an id of your own, the same when you try again",
        )
    known = await asked.of(with_near_names(_known, run, asked.places), asked.places, run, key, wish)
    if known is None:
        proposal = await _proposal(asked, caller, run, wish, key)
        if proposal.over is not None:
            raise Problem(409, "run_over", proposal.over)
        if proposal.refused is not None:
            raise Problem(422, "unknown_symbol", proposal.refused)
        if proposal.loosens:
            gatekeeper: Gatekeeper = request.app.state.gatekeeper
            await gatekeeper.stepped_up(request, caller)
        await asked.of(proposal.put)
        known = await asked.of(_known, asked.places, proposal.report.run_id, key, wish)
        assert known is not None  # noqa: S101 - it was put there
    location = f"{PREFIX}/runs/{known.run_id}/commands/{known.command_id}"
    return answer(known, status=202, headers={"Location": location})


def _known(places: Places, run: str, key: str, wish: RunWish) -> GivenCommand | None:
    """Return the command that was given under a key, None where none was.

    Raises
    ------
    Problem
        It was another one.
    """
    try:
        found = given_command(run, places.database, key)
    except NotFoundError:
        return None
    if not is_same(wish, found, places.database):
        raise Problem(
            422,
            "key_reused",
            f"the key {key} stands for another command already: take a new one for a new command",
        )
    return found


async def _proposal(
    asked: Asked, caller: Caller, run: str, wish: RunWish, key: str | None
) -> Proposal:
    if key is not None and key.startswith(DESK_COMMAND):
        raise Problem(422, "wrong_request", f"no key may begin with {DESK_COMMAND}")
    return await asked.of(
        with_near_names(proposed, run, asked.places),
        wish,
        run=run,
        database=asked.places.database,
        who=caller.username,
        command_id=key,
        source=SOURCE,
    )


def _wish(body: BaseModel) -> RunWish:
    """Return what a body asks for; raises ``ConfigError`` where its symbol can be none."""
    try:
        read: Any = msgspec.convert(body.model_dump(mode="json"), _AnyBody, strict=True)
    except msgspec.ValidationError as error:
        raise Problem(422, "wrong_request", str(error)) from error
    match read:
        case CloseSymbolBody(symbol=symbol):
            return CloseSymbol(expect_symbol(symbol, "symbol"))
        case ChangeParametersBody(values=values, because=because):
            return ChangeParameters(values, because)
        case FlattenSymbol() | LockSymbol() | UnlockSymbol():
            expect_symbol(read.symbol, "symbol")
            return read
        case _:
            return read
