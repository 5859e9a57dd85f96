"""What explains a run: its facts, its governor, why, what was missed, its report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated

import msgspec
from fastapi import Query
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from app.clock import parse_day
from app.commands.governor_status import GovernorStatus, governor_status
from app.journals.read import found_facts
from app.narrowing import parse_letters
from app.runs.explain.missed import MissedAnswer, MissedQuestion, missed_trades
from app.runs.explain.why import Explanation, explained
from app.runs.report import run_report
from app.runs.weight_history import weight_history
from app.symbol_list import typed_symbols
from engine.domain.facts import EnsembleChanged, Fact
from engine.journal import Integrity
from web.answer import Limit, answer, tagged
from web.blocking import Asked, AskedOf
from web.rights import router
from web.run_name import RunName, with_near_names
from web.shapes import extended, page_shape, shape

routes = router("explain")

_INTEGRITY = shape(Integrity) | None
FactPage = page_shape(shape(Fact), run_id=str, integrity=shape(Integrity))
GovernorAnswer = extended("GovernorAnswer", shape(GovernorStatus), integrity=shape(Integrity))
WhyAnswer = extended("WhyAnswer", shape(Explanation), integrity=_INTEGRITY)
MissedFound = extended("MissedFound", shape(MissedAnswer), integrity=_INTEGRITY)
WeightsAnswer = extended(
    "WeightsAnswer", run_id=str, changes=list[shape(EnsembleChanged)], integrity=_INTEGRITY
)

REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; font-src data:"
)
"""Of the report alone: its scripts stand in it, and reach nothing."""


@routes.get("/runs/{run}/facts", response_model=FactPage)
async def facts(
    request: Request,
    asked: AskedOf,
    run: RunName,
    since: Annotated[int, Query(ge=0, le=1 << 53, description="Only facts after this one.")] = 0,
    kind: Annotated[list[str] | None, Query(description="Only facts of these kinds.")] = None,
    trade: Annotated[str | None, Query(description="Only facts of this trade.")] = None,
    limit: Limit = 100,
) -> Response:
    """List the facts of a run after one of them; `next` is the `since` of the next page."""
    found = await asked.of(
        with_near_names(found_facts, run, asked.places),
        asked.places.journal(run),
        since=since,
        kinds=kind or (),
        trade=trade,
        limit=limit,
    )
    after = str(found.facts[-1].seq) if found.more else None
    body = {"run_id": found.run_id, "items": found.facts, "next": after}
    return tagged(request, body | {"integrity": found.integrity})


@routes.get("/runs/{run}/governor", response_model=GovernorAnswer)
async def governor(asked: AskedOf, run: RunName) -> Response:
    """Show what the day allows of a live run or session, and how much of its limits is used."""
    find = with_near_names(governor_status, run, asked.places)
    status, integrity = await asked.of(find, asked.places.database, run)
    return answer(msgspec.to_builtins(status) | {"integrity": integrity})


@routes.get("/runs/{run}/weights", response_model=WeightsAnswer)
async def weights(asked: AskedOf, run: RunName) -> Response:
    """List how a run has weighed its strategies, each change with who and why."""
    find = with_near_names(weight_history, run, asked.places)
    run_id, changes, integrity = await asked.of(find, run, asked.places.runs, asked.places.database)
    return answer({"run_id": run_id, "changes": changes, "integrity": integrity})


@routes.get("/runs/{run}/why", response_model=WhyAnswer)
async def why(
    asked: AskedOf,
    run: RunName,
    symbol: Annotated[str, Query(max_length=32, examples=["AAPL"])],
    time: Annotated[
        str,
        Query(
            max_length=40,
            description="New York time HH:MM:SS or YYYY-MM-DDTHH:MM:SS in the bucket, or UTC ns.",
            examples=["10:30:05"],
        ),
    ],
    day: Annotated[str | None, Query(alias="date", description="New York date.")] = None,
) -> Response:
    """Say why a symbol was, or was not, a candidate and a trade at one bucket."""
    places = asked.places
    found, integrity = await asked.of(
        with_near_names(explained, run, places),
        symbol,
        time,
        run=run,
        day=_day(day),
        catalog=places.wanted_catalog,
        runs=places.runs,
        database=places.database,
    )
    return answer(msgspec.to_builtins(found) | {"integrity": integrity})


@routes.get("/runs/{run}/missed", response_model=MissedFound)
async def missed(
    asked: AskedOf,
    run: RunName,
    top: Annotated[int, Query(ge=1, le=500, description="How many to show.")] = 10,
    horizon: Annotated[int, Query(ge=1, le=23_400, description="Seconds to look ahead.")] = 1_800,
    day: Annotated[str | None, Query(alias="date", description="New York date.")] = None,
    strategy: Annotated[list[str] | None, Query(description="Candidates of these alone.")] = None,
    letters: Annotated[str, Query(max_length=100, examples=["A-C"])] = "",
    symbols: Annotated[str, Query(max_length=4000, examples=["AAPL,MSFT"])] = "",
) -> Response:
    """List rejected candidates that went far afterwards, and what stopped each."""
    places = asked.places
    question = MissedQuestion(
        run=run,
        day=_day(day),
        strategies=tuple(strategy or ()),
        horizon_secs=horizon,
        letters=parse_letters(letters) if letters else (),
        symbols=typed_symbols(symbols),
        catalog=places.wanted_catalog,
        runs=places.runs,
        params=None,
        settings=None,
        workers=1,
        top=top,
        database=places.database,
    )
    find = with_near_names(missed_trades, run, places)
    found, integrity = await asked.of(find, question, lambda _: _watched(asked))
    return answer(msgspec.to_builtins(found) | {"integrity": integrity})


@routes.get(
    "/runs/{run}/report",
    response_class=FileResponse,
    responses={
        200: {"content": {"text/html": {"schema": {"type": "string"}}}, "description": "The page"}
    },
)
async def report(asked: AskedOf, run: RunName) -> Response:
    """Return the HTML report of a run that is over; that of a live day is made now."""
    places = asked.places
    find = with_near_names(run_report, run, places)
    made = await asked.of(find, run, places.runs, places.database, places.wanted_catalog)
    headers = {"Content-Security-Policy": REPORT_POLICY, "Cache-Control": "no-cache"}
    return FileResponse(made.path, media_type="text/html", headers=headers)


def _day(text: str | None) -> date | None:
    return None if text is None else parse_day(text)


@contextmanager
def _watched(asked: Asked) -> Iterator[Callable[[float, float], None]]:
    yield asked.progress
