"""What went wrong with a request, as ``application/problem+json`` (RFC 9457) says it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from pydantic import BaseModel
from starlette.responses import Response

from app.redaction import secrets_hidden
from engine.domain.errors import (
    ConfigError,
    DataError,
    JournalBroken,
    JournalTaken,
    NotFoundError,
    RunError,
    TradectlError,
    VenueError,
)

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818  (named for what is sent)
    """A request that is refused; ``more`` are members of its answer beside the usual ones.

    Attributes
    ----------
    status : int
        HTTP status.
    code : str
        One for each cause, as ``step_up_required``.
    detail : str
        Expectation, finding and remedy.
    headers : dict of str to str
        Of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers = headers or {}
        self.more = more


_OF_ERRORS: tuple[tuple[type[TradectlError], int, str], ...] = (
    (NotFoundError, 404, "not_found"),
    (ConfigError, 422, "wrong_request"),
    (JournalBroken, 409, "journal_broken"),
    (JournalTaken, 409, "journal_taken"),
    (DataError, 422, "bad_data"),
    (RunError, 409, "run_over"),
    (VenueError, 502, "venue_refused"),
)


def problem_of(error: TradectlError) -> Problem:
    """Return an error of ours as a refusal of the request that led to it."""
    detail = secrets_hidden(str(error))
    if error.is_passing:
        return Problem(503, "unavailable", detail, headers={"Retry-After": "5"})
    for kind, status, code in _OF_ERRORS:
        if isinstance(error, kind):
            return Problem(status, code, detail)
    return Problem(500, "failed", detail)


def problem_answer(problem: Problem) -> Response:
    """Return the answer to a request that is refused."""
    body = {
        "type": "about:blank",
        "title": problem.code.replace("_", " "),
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        **problem.more,
    }
    return Response(
        msgspec.json.encode(body), problem.status, problem.headers, media_type=MEDIA_TYPE
    )


class ProblemBody(BaseModel):
    """Why a request was refused (RFC 9457); some causes have more members."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how a route's refusals are described: those that every route knows, and more."""
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {
        status: {"description": phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in sorted({*statuses, 401, 403, 422, 429, 500, 503})
        if (phrase := HTTPStatus(status).phrase)
    }
