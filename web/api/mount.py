"""The API on an application: its routes, what they work with, and its description."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.backtest.queue import BacktestQueue
from web.api import accounting, backtests, commands, explain, parameters, reference, runs, system
from web.blocking import BlockingPool
from web.callers import Gatekeeper
from web.places import Places
from web.problems import ProblemDetails
from web.push import stream
from web.push.broadcast import Broadcast
from web.rights import right_of

VERSION = "1.0.0"
"""Of the API; a change that breaks a caller raises the first number, and the path with it."""

ROUTES = (
    runs.routes,
    accounting.routes,
    explain.routes,
    commands.routes,
    reference.routes,
    parameters.routes,
    backtests.routes,
    system.routes,
    stream.routes,
)


@asynccontextmanager
async def serving_api(app: FastAPI, places: Places, gatekeeper: Gatekeeper) -> AsyncIterator[None]:
    """Give an application what its routes work with, for as long as it is served."""
    app.state.places, app.state.gatekeeper = places, gatekeeper
    app.state.blocking = BlockingPool()
    app.state.backtests = BacktestQueue(backtests.queue_places(places))
    app.state.broadcast = Broadcast(places, app.state.backtests)
    try:
        yield
    finally:
        app.state.broadcast.close()
        app.state.backtests.close()
        app.state.blocking.close()


def add_api(app: FastAPI) -> None:
    """Add the routes of the API, and describe them."""
    for each in ROUTES:
        app.include_router(each)
    app.openapi = lambda: _described(app)  # pyright: ignore[reportAttributeAccessIssue]


def api_description() -> dict[str, Any]:
    """Return what the API says of itself, of an application with nothing else."""
    app = FastAPI()
    add_api(app)
    return app.openapi()


def _described(app: FastAPI) -> dict[str, Any]:
    """Return the description (OpenAPI 3.1): each route with its rank and when it asks for more."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    told = get_openapi(
        title="tradectl",
        version=VERSION,
        summary="What a trading engine shows and obeys.",
        description="Amounts and nanoseconds are strings; errors are `application/problem+json`.",
        routes=app.routes,
    )
    schemas = told.setdefault("components", {}).setdefault("schemas", {})
    schemas.setdefault("ProblemDetails", ProblemDetails.model_json_schema())
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            right = right_of(method.upper(), path)
            if right is not None:
                operation["x-least-role"] = right.rank.label
                operation["x-step-up"] = right.step_up.value
    app.openapi_schema = told
    return told
