"""The machine of the gateway: what runs now, its journals, its checks, its logs."""

from __future__ import annotations

import time
from typing import Annotated

import msgspec
from fastapi import Path, Query
from starlette.requests import Request
from starlette.responses import Response

from app.display.running import RunningNode, running_nodes
from app.doctor.all_checks import all_checks
from app.doctor.check import Check, Status
from app.journals.read import ChainCheck, journal_rows, verified_chain
from app.log import Level
from app.log_lines import LogLine, log_lines
from engine.domain.errors import NotFoundError
from web.answer import Cursor, Limit, answer, page, tagged
from web.blocking import AskedOf
from web.problems import Problem
from web.rights import router
from web.shapes import Nanos, extended, page_shape, shape

routes = router("system")

DoctorAnswer = extended("DoctorAnswer", status=str, checks=list[shape(Check)])
JournalRow = extended(
    "JournalRow",
    run_id=str,
    status=str,
    note=str,
    created_ns=Nanos,
    ended_ns=Nanos | None,
    facts=int,
    head=str,
    writer=dict | None,
    archive=str | None,
    name=str,
    tags=list[str],
    standing=str,
    holds=str,
)
SystemAnswer = extended(
    "SystemAnswer", now_ns=Nanos, running=list[shape(RunningNode)], journals=list[JournalRow]
)


@routes.get("/system", response_model=SystemAnswer)
async def system(asked: AskedOf) -> Response:
    """Show what runs now, the health of its feeds, and journals that stand badly."""
    database = asked.places.database

    def look() -> dict[str, object]:
        rows = _journals(database)
        ill = [row for row in rows if row["standing"] in {"Crashed", "Quarantined"}]
        return {
            "now_ns": time.time_ns(),
            "running": running_nodes(database),
            "journals": ill,
        }

    return answer(await asked.of(look))


@routes.get("/system/doctor", response_model=DoctorAnswer)
async def doctor(asked: AskedOf) -> Response:
    """Check this machine and everything tradectl needs; name the remedy of what is wrong."""
    places = asked.places

    def check() -> dict[str, object]:
        found = list(all_checks(places.catalog, places.database, places.runs, None))
        is_fit = all(each.status is not Status.FAIL for each in found)
        return {"status": "ok" if is_fit else "fail", "checks": msgspec.to_builtins(found)}

    return answer(await asked.of(check))


@routes.get("/system/journals", response_model=page_shape(JournalRow))
async def journals(
    request: Request, asked: AskedOf, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """List the journals of the database, the one started last first."""
    rows = await asked.of(_journals, asked.places.database)
    items, after = page(rows, lambda row: (row["run_id"],), cursor, limit)
    return tagged(request, {"items": items, "next": after})


@routes.get("/system/journals/{journal}/verify", response_model=shape(ChainCheck))
async def verify(
    asked: AskedOf, journal: Annotated[str, Path(max_length=200, examples=["latest"])]
) -> Response:
    """Check the chain of a run from its first fact; name the first one that does not hold."""
    return answer(await asked.of(verified_chain, asked.places.journal(journal)))


@routes.get("/logs", response_model=page_shape(shape(LogLine)))
async def logs(
    asked: AskedOf,
    level: Annotated[Level, Query(description="At least this.")] = Level.INFO,
    run: Annotated[str | None, Query(description="Only lines of this run.")] = None,
    text: Annotated[str, Query(max_length=200, description="To be found in it.")] = "",
    cursor: Annotated[str | None, Query(max_length=40, description="`next` as it was.")] = None,
    limit: Limit = 100,
) -> Response:
    """List lines of the logs, the newest first."""
    if cursor is not None and not (cursor.isascii() and cursor.isdecimal()):
        raise Problem(422, "wrong_cursor", "the cursor is none: take `next` as it was")
    found = await asked.of(
        log_lines,
        asked.places.logs,
        level=level,
        run_id=run,
        text=text,
        before_ns=None if cursor is None else int(cursor),
        limit=limit,
    )
    after = str(found[-1].ts) if len(found) == limit else None
    return answer({"items": found, "next": after})


def _journals(database: str) -> list[dict[str, object]]:
    try:
        return journal_rows(database)
    except NotFoundError:
        return []  # nothing was traded yet
