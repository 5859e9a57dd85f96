"""Everything that goes wrong in an application, answered as a problem."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from engine.domain.errors import TradectlError
from web.blocking import GivenUp
from web.exact import exact
from web.problem import Problem, problem_answer, problem_of

_LEFT = 499

_log = logging.getLogger(__name__)


def answer_problems(app: FastAPI) -> None:
    """Give an application its handlers."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(TradectlError, _ours)
    app.add_exception_handler(RequestValidationError, _wrong)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(GivenUp, _left)
    app.add_exception_handler(Exception, _unforeseen)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  (registered for it)
    return problem_answer(error)


async def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, TradectlError)  # noqa: S101  (registered for it)
    return problem_answer(problem_of(error))


async def _wrong(_: Request, error: Exception) -> Response:
    """Answer what is not as the description has it, each finding with its place."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for it)
    found = [
        {"at": ".".join(map(str, each["loc"])), "message": each["msg"]} for each in error.errors()
    ]
    detail = "; ".join(f"{each['at']}: {each['message']}" for each in found)
    return problem_answer(Problem(422, "wrong_request", detail, errors=exact(found)))


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  (registered for it)
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    headers = dict(error.headers or {})
    return problem_answer(Problem(error.status_code, code, str(error.detail), headers=headers))


async def _left(_: Request, __: Exception) -> Response:
    return Response(None, _LEFT)  # nobody reads it


async def _unforeseen(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem_answer(Problem(500, "failed", "it failed: the log of the gateway says why"))
