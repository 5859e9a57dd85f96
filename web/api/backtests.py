"""Backtests as jobs: ordered by a form, queued, watched, cancelled."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.backtest.ordered import BacktestOrder, BacktestPlaces, checked_order
from app.backtest.queue import BacktestQueue, Job, QueueFull
from app.catalog.keep import stored_dates
from app.parameters.show import ParameterRow, parameter_rows
from app.redaction import refuse_secrets
from app.strategies import known_strategies
from engine.domain.errors import ConfigError
from engine.domain.markets.fill_assumptions import FILL_ASSUMPTIONS
from engine.domain.parameters import Parameters
from web.answer import answer
from web.blocking import AskedOf
from web.callers import CallerOf
from web.places import Places
from web.problems import Problem
from web.rights import PREFIX, router
from web.shapes import extended, shape

routes = router("backtests")

FormAnswer = extended(
    "BacktestForm",
    schema_=dict[str, Any],
    parameters=list[shape(ParameterRow)],
    strategies=list[str],
    days=list[str],
    engines=list[str],
    fills=list[str],
)
JobsAnswer = extended("JobsAnswer", items=list[shape(Job)], next=str | None)
JobId = Annotated[str, Path(min_length=1, max_length=40, examples=["5f0d8c1e2b7a4936"])]


class Order(BaseModel):
    """The options of `tradectl backtest`; every one may be left out."""

    model_config = ConfigDict(extra="forbid")

    start: str | None = Field(None, max_length=10, examples=["2026-09-18"])
    end: str | None = Field(None, max_length=10, examples=["2026-09-18"])
    values: dict[str, Any] = Field(default_factory=dict, max_length=200, examples=[{"min_ac_z": 3}])
    from_desk: bool = False
    strategies: list[str] = Field(default_factory=list, max_length=50, examples=[["acceleration"]])
    weights: dict[str, float] = Field(default_factory=dict, max_length=50)
    letters: str = Field("", max_length=100, examples=["A-C"])
    symbols: str = Field("", max_length=4_000, examples=["AAPL,MSFT"])
    engine: str = Field("pruned", examples=["pruned"])
    fills: str = Field("base", examples=["base"])
    ladder: bool = False
    balance: str = Field("100000", max_length=20, pattern=r"^\d+(\.\d{1,2})?$")
    refresh: bool = False
    name: str | None = Field(None, max_length=200)
    tags: list[str] = Field(default_factory=list, max_length=50)


def queue_places(places: Places) -> BacktestPlaces:
    """Return where ordered backtests read and write."""
    return BacktestPlaces(places.catalog, str(places.runs), places.database)


@routes.get("/backtests/form", response_model=FormAnswer)
async def form(asked: AskedOf) -> Response:
    """Return what the form is made of: schema and rows of the parameters, strategies, days."""

    def look() -> dict[str, Any]:
        known = known_strategies()
        return {
            "schema_": Parameters.model_json_schema(mode="serialization"),
            "parameters": msgspec.to_builtins(parameter_rows(Parameters())),
            "strategies": [n for n, each in known.items() if not isinstance(each, ConfigError)],
            "days": stored_dates(asked.places.catalog),
            "engines": ["pruned", "full"],
            "fills": list(FILL_ASSUMPTIONS),
        }

    return answer(await asked.of(look))


@routes.post("/backtests", status_code=202, response_model=shape(Job))
async def order_backtest(
    request: Request, asked: AskedOf, caller: CallerOf, body: Order
) -> Response:
    """Order a backtest; one runs and one waits at a time."""
    order = msgspec.convert(body.model_dump(), BacktestOrder)
    refuse_secrets({name: str(value) for name, value in order.values.items()})
    await asked.of(checked_order, order, queue_places(asked.places))
    try:
        job = _queue(request).order(order, caller.username)
    except QueueFull as error:
        raise Problem(409, "queue_full", str(error)) from error
    return answer(job, status=202, headers={"Location": f"{PREFIX}/jobs/{job.job_id}"})


@routes.get("/jobs", response_model=JobsAnswer)
async def jobs(request: Request) -> Response:
    """List jobs, the one ordered last first; they are forgotten with the gateway, runs are not."""
    return answer({"items": _queue(request).jobs(), "next": None})


@routes.get("/jobs/{job}", response_model=shape(Job))
async def one_job(request: Request, job: JobId) -> Response:
    """Say how far a job has come; `run_id` is what it has left."""
    return answer(_queue(request).job(job))


@routes.delete("/jobs/{job}", response_model=shape(Job))
async def cancel(request: Request, job: JobId) -> Response:
    """Cancel a job, what was done of it is kept; forget one that is over, its run stays."""
    return answer(_queue(request).cancel(job))


def _queue(request: Request) -> BacktestQueue:
    return request.app.state.backtests
