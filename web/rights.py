"""What each route takes: the least rank, and when it asks for a passkey once more.

One table for all of them. A route without a row is closed to everybody. What gets somebody out of a
position never asks for more than a plain session: no exit has another rule than ``NEVER``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from fastapi import APIRouter, Depends, Request

from web.callers import CallerOf, Rank
from web.problems import RESPONSES, Problem

PREFIX = "/api/v1"


class StepUp(StrEnum):
    """When a caller has to confirm the very request with a passkey."""

    NEVER = "never"
    LOOSENS_LIMIT = "loosens_limit"
    """Where a limit is raised or switched off, or live trading is switched on."""
    RESUMES_AFTER_STOP = "resumes_after_stop"
    """Where entries were stopped for the day."""


class Right(NamedTuple):
    """The least rank, and when more is asked for."""

    rank: Rank
    step_up: StepUp = StepUp.NEVER


_VIEW, _OPERATE = Right(Rank.VIEWER), Right(Rank.OPERATOR)
_COMMAND = Right(Rank.OPERATOR, StepUp.RESUMES_AFTER_STOP)
_CHANGE = Right(Rank.OPERATOR, StepUp.LOOSENS_LIMIT)

RIGHTS: dict[tuple[str, str], Right] = {
    ("GET", "/runs"): _VIEW,
    ("GET", "/runs/{run}"): _VIEW,
    ("DELETE", "/runs/{run}"): _OPERATE,
    ("PUT", "/runs/{run}/name"): _OPERATE,
    ("POST", "/runs/{run}/tags"): _OPERATE,
    ("GET", "/compare"): _VIEW,
    ("GET", "/runs/{run}/cash_movements"): _VIEW,
    ("GET", "/runs/{run}/daily_close"): _VIEW,
    ("GET", "/runs/{run}/equity_snapshots"): _VIEW,
    ("GET", "/runs/{run}/fees"): _VIEW,
    ("GET", "/runs/{run}/fills"): _VIEW,
    ("GET", "/runs/{run}/lots"): _VIEW,
    ("GET", "/runs/{run}/orders"): _VIEW,
    ("GET", "/runs/{run}/positions"): _VIEW,
    ("GET", "/runs/{run}/signals"): _VIEW,
    ("GET", "/runs/{run}/strategies"): _VIEW,
    ("GET", "/runs/{run}/strategy_metrics"): _VIEW,
    ("GET", "/runs/{run}/strategy_pnl"): _VIEW,
    ("GET", "/runs/{run}/trades"): _VIEW,
    ("GET", "/runs/{run}/pnl"): _VIEW,
    ("GET", "/runs/{run}/facts"): _VIEW,
    ("GET", "/runs/{run}/governor"): _VIEW,
    ("GET", "/runs/{run}/weights"): _VIEW,
    ("GET", "/runs/{run}/why"): _VIEW,
    ("GET", "/runs/{run}/missed"): _VIEW,
    ("GET", "/runs/{run}/report"): _VIEW,
    ("GET", "/runs/{run}/commands"): _VIEW,
    ("POST", "/runs/{run}/commands"): _COMMAND,
    ("POST", "/runs/{run}/commands/preview"): _OPERATE,
    ("GET", "/runs/{run}/commands/{command_id}"): _VIEW,
    ("POST", "/say"): _COMMAND,
    ("GET", "/symbols"): _VIEW,
    ("GET", "/data"): _VIEW,
    ("GET", "/markets"): _VIEW,
    ("GET", "/strategies"): _VIEW,
    ("GET", "/strategies/{strategy}"): _VIEW,
    ("GET", "/parameters"): _VIEW,
    ("GET", "/parameters/schema"): _VIEW,
    ("GET", "/parameters/scheduled"): _VIEW,
    ("GET", "/parameters/diff"): _VIEW,
    ("POST", "/parameters/preview"): _OPERATE,
    ("GET", "/parameters/versions"): _VIEW,
    ("POST", "/parameters/versions"): _CHANGE,
    ("GET", "/parameters/versions/{version}"): _VIEW,
    ("DELETE", "/parameters/versions/{version}"): _OPERATE,
    ("POST", "/parameters/versions/{version}/rollback"): _CHANGE,
    ("GET", "/system"): _VIEW,
    ("GET", "/system/doctor"): _VIEW,
    ("GET", "/system/journals"): _VIEW,
    ("GET", "/system/journals/{journal}/verify"): _VIEW,
    ("GET", "/logs"): _VIEW,
    ("GET", "/backtests/form"): _VIEW,
    ("POST", "/backtests"): _OPERATE,
    ("GET", "/jobs"): _VIEW,
    ("GET", "/jobs/{job}"): _VIEW,
    ("DELETE", "/jobs/{job}"): _OPERATE,
    ("GET", "/stream"): _VIEW,
}
"""By method and path after ``/api/v1``."""


def right_of(method: str, path: str) -> Right | None:
    """Return what a route takes, None where it has no row; a path is as the route declares it."""
    return RIGHTS.get((method, path.removeprefix(PREFIX)))


async def _permitted(request: Request, caller: CallerOf) -> None:
    """Let a caller through whose rank is high enough."""
    method = "GET" if request.method == "HEAD" else request.method
    right = right_of(method, request.scope["route"].path)
    if right is None:
        raise Problem(403, "closed", "nobody may call this: it has no row in the table of rights")
    if caller.rank < right.rank:
        raise Problem(
            403,
            "rank_too_low",
            f"this takes the role {right.rank.label}, {caller.username} is {caller.rank.label}",
        )


def router(tag: str) -> APIRouter:
    """Return a router whose routes each take what the table says."""
    return APIRouter(
        prefix=PREFIX, tags=[tag], dependencies=[Depends(_permitted)], responses=RESPONSES
    )


def stream_router() -> APIRouter:
    """Return a router for WebSockets, which look into the table themselves."""
    return APIRouter(prefix=PREFIX)
