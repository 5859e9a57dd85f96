"""Every error that the gateway answers with: ``application/problem+json`` (RFC 9457) and a code."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from engine.domain.errors import JournalError, TradectlError

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger(__name__)


class Problem(Exception):  # noqa: N818  (the name RFC 9457 gives it)
    """What a route raises to answer with an error.

    Parameters
    ----------
    status : int
        HTTP status.
    code : str
        One word per cause, for programs; it stays as it is.
    detail : str
        For people: what was expected, what was found, what to do.
    headers : mapping, optional
    **members
        Whatever else belongs to the answer, as JSON values.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers, self.members = dict(headers or {}), members


class ProblemDetails(BaseModel):
    """Any error of the gateway."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    request_id: str


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": words,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    }
    for status, words in (("4XX", "Refused; `code` says why."), ("5XX", "It failed."))
}
"""What any route may answer besides its own, as the API description has it."""


def answer_problems(app: FastAPI) -> None:
    """Have every error of an application answered as a problem."""
    app.add_exception_handler(Problem, _of_problem)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(TradectlError, _of_tradectl)
    app.add_exception_handler(Exception, _of_anything)


def request_id(request: Request) -> str:
    """Return the id of a request, as its answer and the log have it."""
    return str(getattr(request.state, "request_id", ""))


def _of_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101  (registered for it)
    return _answer(request, error.status, error.code, error.detail, error.headers, **error.members)


def _of_validation(request: Request, error: Exception) -> JSONResponse:
    """Say what is wrong where, and repeat nothing that was sent: it may be a secret."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  (same)
    found: Sequence[Mapping[str, Any]] = error.errors()
    errors = [
        {"where": ".".join(map(str, each["loc"])), "what": str(each["msg"]), "kind": each["type"]}
        for each in found
    ]
    detail = "; ".join(f"{each['where']}: {each['what']}" for each in errors[:3])
    return _answer(request, 422, "invalid_request", detail, errors=errors)


def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  (same)
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_").replace("-", "_")
    return _answer(request, error.status_code, code, str(error.detail), error.headers)


def _of_tradectl(request: Request, error: Exception) -> JSONResponse:
    """Answer what a use case raised on purpose; its message names the remedy."""
    from app.redaction import secrets_hidden  # noqa: PLC0415  (needed where something failed)

    assert isinstance(error, TradectlError)  # noqa: S101  (same)
    name = type(error).__name__
    status = {"ConfigError": 422, "NotFoundError": 404}.get(name, 500)
    if error.is_passing or isinstance(error, JournalError):
        status = 503
    code = "".join(f"_{each.lower()}" if each.isupper() else each for each in name).strip("_")
    _log.warning("%s %s: %s: %s", request.method, request.url.path, name, error)
    return _answer(request, status, code, secrets_hidden(str(error)))


def _of_anything(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    detail = f"something failed that nobody foresaw; the log has it under {request_id(request)}"
    headers = {"X-Request-Id": request_id(request)}  # answered outside of what adds it
    return _answer(request, 500, "internal_error", detail, headers)


def _answer(
    request: Request,
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> JSONResponse:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id(request),
    }
    return JSONResponse(body | members, status, dict(headers or {}), media_type=MEDIA_TYPE)
