"""Parameters: the form, values, versions; set, scheduled, previewed, rolled back, withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

import msgspec
from fastapi import Header, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.parameters.change import (
    Asker,
    ChangeProposal,
    ChangeWish,
    change_row,
    new_values,
    refusal_message,
    scheduled_changes,
    values_of,
    withdraw_scheduled,
)
from app.parameters.desk import read_desk
from app.parameters.preview import ChangePreview, RecordProgress
from app.parameters.show import (
    ShownParameters,
    VersionDifference,
    kept_versions,
    shown_parameters,
    version_difference,
)
from app.redaction import refuse_secrets
from engine.domain.facts import ParamsChanged
from engine.domain.parameters import Parameters
from engine.domain.parameters.changes import ChangeRefusal, ChangeRefused, step_ups
from web.answer import Cursor, Limit, answer, page, tagged
from web.blocking import Asked, AskedOf
from web.callers import CallerOf, Gatekeeper
from web.problems import Problem
from web.rights import PREFIX, router
from web.shapes import extended, page_shape, shape

routes = router("parameters")

ChangeRow = extended("ChangeRow", shape(ParamsChanged), takes=dict[str, str], step_up=list[str])
VersionRow = extended("VersionRow", shape(ParamsChanged), withdrawn=bool)
ParametersAnswer = extended("ParametersAnswer", shape(ShownParameters), latest=int)
ScheduledAnswer = extended("ScheduledAnswer", scheduled=list[ChangeRow])
ChangeAnswer = extended("ChangeAnswer", ChangeRow, status=str, preview=shape(ChangePreview) | None)
WithdrawnAnswer = extended("WithdrawnAnswer", status=str, version=int)

Version = Annotated[int, Path(ge=1, le=1 << 31, examples=[2])]
Base = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="ETag of `/parameters` as it was looked at: the newest version.",
        examples=['"1"'],
    ),
]


class Reason(BaseModel):
    """Why; kept with the change."""

    model_config = ConfigDict(extra="forbid")

    because: str = Field(min_length=1, max_length=500, examples=["calmer"])


class NewValues(Reason):
    """New values, all of them or none; ``effective_ns`` is when they are to hold, now without."""

    values: dict[str, Any] = Field(min_length=1, max_length=200, examples=[{"min_ac_z": 3}])
    effective_ns: str | None = Field(None, pattern=r"^\d{1,19}$", examples=["1789738200000000000"])


class PreviewAsked(BaseModel):
    """New values, or a version to go back to; and which stretch to look at, New York time."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    values: dict[str, Any] = Field(default_factory=dict, examples=[{"min_ac_z": 3}])
    version: int | None = Field(None, ge=1)
    effective_ns: str | None = Field(None, pattern=r"^\d{1,19}$")
    start: str | None = Field(None, max_length=40, examples=["2026-09-18T10:00"])
    end: str | None = Field(None, max_length=40, examples=["2026-09-18T10:30"])


@routes.get("/parameters", response_model=ParametersAnswer)
async def parameters(request: Request, asked: AskedOf) -> Response:
    """Show every parameter with value, default, range, unit and meaning; its ETag is the base."""

    def look() -> tuple[ShownParameters, int]:
        database = asked.places.database
        return shown_parameters(database, None, None, None), read_desk(database).latest

    shown, latest = await asked.of(look)
    return tagged(request, msgspec.to_builtins(shown) | {"latest": latest}, tag=str(latest))


@routes.get("/parameters/schema")
async def schema(request: Request) -> dict[str, Any]:
    """Return the JSON schema of the parameters: the form is made of it."""
    del request
    return Parameters.model_json_schema(mode="serialization")


@routes.get("/parameters/scheduled", response_model=ScheduledAnswer)
async def scheduled(asked: AskedOf) -> Response:
    """List the changes that are yet to take effect."""
    found = await asked.of(scheduled_changes, asked.places.database)
    return answer({"scheduled": [change_row(change) for change in found]})


@routes.get("/parameters/diff", response_model=shape(VersionDifference))
async def diff(
    asked: AskedOf,
    before: Annotated[int, Query(ge=1, le=1 << 31)] = 1,
    after: Annotated[int | None, Query(ge=1, le=1 << 31)] = None,
) -> Response:
    """Show what differs between two versions, the later one that in force by default."""
    return answer(await asked.of(version_difference, asked.places.database, before, after))


@routes.get("/parameters/versions", response_model=page_shape(VersionRow))
async def versions(
    request: Request, asked: AskedOf, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """List the versions after the first, the newest first: since when, by whom, what and why."""
    found = await asked.of(kept_versions, asked.places.database)
    items, after = page(found, lambda each: (each.change.version,), cursor, limit)
    return tagged(request, {"items": [each.told() for each in items], "next": after})


@routes.get("/parameters/versions/{version}", response_model=shape(ShownParameters))
async def one_version(request: Request, asked: AskedOf, version: Version) -> Response:
    """Show every parameter as a version has it."""
    found = await asked.of(shown_parameters, asked.places.database, version, None, None)
    return tagged(request, found)


@routes.post("/parameters/preview", response_model=ChangeAnswer)
async def preview(asked: AskedOf, caller: CallerOf, body: PreviewAsked) -> Response:
    """Show which candidates and trades a change would have made or unmade; change nothing."""
    wish = _wish(body.values, body.version, body.effective_ns)
    asker = Asker(who=caller.username, because="a preview", base=None, stepped_up=False)
    places = asked.places

    def look() -> tuple[ParamsChanged, ChangePreview | None]:
        proposal = ChangeProposal(places.database, wish, asker)
        change = _granted(proposal.answer)
        found = proposal.preview(places.catalog, body.start, body.end, _watching(asked))
        return change, found

    change, found = await asked.of(look)
    return answer({"status": "preview", **change_row(change), "preview": found})


@routes.post("/parameters/versions", status_code=201, response_model=ChangeAnswer)
async def set_values(
    request: Request, asked: AskedOf, caller: CallerOf, body: NewValues, if_match: Base = None
) -> Response:
    """Change parameters of live runs, now or later, all of them or none."""
    wish = _wish(body.values, None, body.effective_ns)
    return await _change(request, asked, caller, wish, body.because, if_match)


@routes.post(
    "/parameters/versions/{version}/rollback", status_code=201, response_model=ChangeAnswer
)
async def rollback(
    request: Request,
    asked: AskedOf,
    caller: CallerOf,
    version: Version,
    body: Reason,
    if_match: Base = None,
) -> Response:
    """Make a new version in which everything is as it was in an earlier one."""
    return await _change(request, asked, caller, values_of(version), body.because, if_match)


@routes.delete("/parameters/versions/{version}", response_model=WithdrawnAnswer)
async def withdraw(
    asked: AskedOf,
    caller: CallerOf,
    version: Version,
    because: Annotated[str, Query(min_length=1, max_length=500, examples=["calmer"])],
) -> Response:
    """Take a scheduled change back."""
    refuse_secrets({"because": because})
    refused = await asked.of(
        withdraw_scheduled, asked.places.database, version, caller.username, because
    )
    if refused is not None:
        raise _refusal(refused)
    return answer({"status": "withdrawn", "version": version})


async def _change(
    request: Request,
    asked: Asked,
    caller: CallerOf,
    wish: ChangeWish,
    because: str,
    if_match: str | None,
) -> Response:
    """Keep a change; where it loosens a limit, once its author has confirmed this very request."""
    refuse_secrets({"because": because})
    base, database = _base(if_match), asked.places.database
    asker = Asker(who=caller.username, because=because, base=base, stepped_up=False)
    seen = await asked.of(lambda: _granted(ChangeProposal(database, wish, asker).answer))
    if step_ups(seen.changes):
        gatekeeper: Gatekeeper = request.app.state.gatekeeper
        await gatekeeper.stepped_up(request, caller)
        asker = Asker(who=caller.username, because=because, base=base, stepped_up=True)
    kept = await asked.of(lambda: _granted(ChangeProposal(database, wish, asker).keep()))
    location = f"{PREFIX}/parameters/versions/{kept.version}"
    headers = {"ETag": f'"{kept.version}"', "Location": location}
    told = {"status": "changed", **change_row(kept), "preview": None}
    return answer(told, status=201, headers=headers)


def _wish(values: dict[str, Any], version: int | None, effective_ns: str | None) -> ChangeWish:
    if bool(values) == (version is not None):
        raise Problem(422, "wrong_request", "say new values, or the version to go back to")
    if version is not None:
        return values_of(version)
    return new_values(values, None if effective_ns is None else int(effective_ns))


def _base(if_match: str | None) -> int:
    if if_match is None:
        raise Problem(
            428,
            "base_required",
            "say which version you looked at: If-Match with the ETag of /parameters",
        )
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text)):  # noqa: PLR2004
        raise Problem(422, "wrong_request", f'If-Match is {if_match!r}, expected one as "3"')
    return int(text)


def _granted(change: ParamsChanged | ChangeRefused) -> ParamsChanged:
    if isinstance(change, ChangeRefused):
        raise _refusal(change)
    return change


_STATUS = {ChangeRefusal.STALE_BASE: 409, ChangeRefusal.NO_SUCH_VERSION: 404}


def _refusal(refused: ChangeRefused) -> Problem:
    since = [change_row(change) for change in refused.since]
    status = _STATUS.get(refused.reason, 422)
    return Problem(status, refused.reason.value, refusal_message(refused), since=since)


def _watching(asked: Asked) -> RecordProgress:
    @contextmanager
    def watched(_: date) -> Iterator[Any]:
        yield asked.progress

    return watched
