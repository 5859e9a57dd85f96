"""Runs: listed, shown, named, tagged, compared, removed."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from app.runs.comparing_many import ManyCompared, compared_many
from app.runs.overview import RunRow, listed_runs, named_runs, remove_runs, shown_run
from app.runs.run_labels import Labelled, name_run, tag_run
from engine.journal import Integrity
from web.answer import Cursor, Limit, answer, page, tagged
from web.blocking import AskedOf
from web.rights import router
from web.run_name import RunName, with_near_names
from web.shapes import extended, page_shape, shape

routes = router("runs")

RunPage = page_shape(shape(RunRow), damaged=list[str])
Compared = extended("RunsComparedAnswer", shape(ManyCompared), integrity=shape(Integrity) | None)


class RunShownAnswer(BaseModel):
    """One run: its manifest, its trades, and how far its journal holds."""

    model_config = ConfigDict(extra="allow")

    run_id: str
    status: str
    note: str
    metrics: dict[str, Any]
    params: dict[str, Any]
    trades: list[dict[str, Any]]
    journal_check: str
    report: str | None
    integrity: shape(Integrity) | None  # pyright: ignore[reportInvalidTypeForm]


class NewName(BaseModel):
    """What to call a run; null takes its name."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(max_length=200, examples=["wider stops"])


class TagChange(BaseModel):
    """Tags, without blanks, that a run is to have, and not to have any more."""

    model_config = ConfigDict(extra="forbid")

    add: list[str] = Field(default_factory=list, max_length=50, examples=[["opening"]])
    remove: list[str] = Field(default_factory=list, max_length=50)


@routes.get("/runs", response_model=RunPage)
async def list_runs(
    request: Request,
    asked: AskedOf,
    tag: Annotated[list[str] | None, Query(description="Only runs with all of these.")] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List backtests, live runs and sessions, the one started last first."""
    found = await asked.of(listed_runs, asked.places.runs, asked.places.database, tag or ())
    items, after = page(found.runs, lambda run: (run.run_id,), cursor, limit)
    return tagged(request, {"items": items, "next": after, "damaged": found.damaged})


@routes.get("/runs/{run}", response_model=RunShownAnswer)
async def show_run(request: Request, asked: AskedOf, run: RunName) -> Response:
    """Show one run: what was asked, how it ended, its figures and trades."""
    places = asked.places
    found, integrity = await asked.of(
        with_near_names(shown_run, run, places), places.runs, run, places.database
    )
    return tagged(request, found.as_json() | {"integrity": integrity})


@routes.delete("/runs/{run}", status_code=204)
async def remove_run(asked: AskedOf, run: RunName) -> Response:
    """Remove a backtest with everything in it; live runs and sessions stay."""
    places = asked.places

    def remove() -> None:
        remove_runs(places.runs, named_runs(places.runs, [run], places.database))

    await asked.of(with_near_names(remove, run, places))
    return Response(None, 204)


@routes.put("/runs/{run}/name", response_model=shape(Labelled))
async def name_one(asked: AskedOf, run: RunName, body: NewName) -> Response:
    """Give a run a name, which takes the place of its id from then on."""
    places = asked.places
    name = with_near_names(name_run, run, places)
    return answer(await asked.of(name, places.runs, run, body.name, places.database))


@routes.post("/runs/{run}/tags", response_model=shape(Labelled))
async def tag_one(asked: AskedOf, run: RunName, body: TagChange) -> Response:
    """Tag a run, or take tags from it."""
    places = asked.places

    def tag() -> Labelled:
        labelled = tag_run(places.runs, run, body.add, places.database)
        if body.remove:
            labelled = tag_run(places.runs, run, body.remove, places.database, removes=True)
        return labelled

    return answer(await asked.of(with_near_names(tag, run, places)))


@routes.get("/compare", response_model=Compared)
async def compare_runs(
    asked: AskedOf,
    runs: Annotated[
        str, Query(max_length=2000, description="Two to six runs, with commas.", examples=["a,b"])
    ],
) -> Response:
    """Compare two to six runs, differences first; of two also why they differ."""
    places = asked.places
    names = [name for each in runs.split(",") if (name := each.strip())]
    found, integrity = await asked.of(compared_many, places.runs, names, places.database)
    return answer(msgspec.to_builtins(found) | {"integrity": integrity})
