"""Answers: exact JSON, its tag, and pages of long lists."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from web.exact import exact
from web.problems import Problem

MOST = 500

Limit = Annotated[int, Query(ge=1, le=MOST, description="So many at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=1024, description="`next` of the page before; the first page without it."),
]


def answer(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a value as the JSON of an answer."""
    return Response(
        msgspec.json.encode(exact(value)), status, headers, media_type="application/json"
    )


def tagged(request: Request, value: Any, tag: str | None = None) -> Response:
    """Return a value with its ETag; 304 and nothing where the caller has it already.

    Parameters
    ----------
    tag : str, optional
        Names the value; by default a hash of it.
    """
    body = msgspec.json.encode(exact(value))
    etag = f'"{tag or hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    known = {each.strip().removeprefix("W/") for each in _known(request)}
    if known & {etag, "*"}:
        return Response(None, 304, headers)
    return Response(body, 200, headers, media_type="application/json")


def _known(request: Request) -> list[str]:
    return request.headers.get("if-none-match", "").split(",")


def page[T](
    rows: Sequence[T], key: Callable[[T], tuple[Any, ...]], cursor: str | None, limit: int
) -> tuple[list[T], str | None]:
    """Return the rows of a page, and the cursor of the next, None after the last.

    Parameters
    ----------
    rows : sequence
        In the order of their keys, ascending; or in another one that does not change.
    key : callable
        Names a row by values of JSON; equal only for the same row.
    """
    start = 0
    if cursor is not None:
        last = _last(cursor)
        keys = [_plain(key(row)) for row in rows]
        # a row that is gone: go on after where it would be
        is_there = last in keys
        start = keys.index(last) + 1 if is_there else sum(_before(e, last) for e in keys)
    chosen = list(rows[start : start + limit])
    is_last = start + limit >= len(rows)
    return chosen, None if is_last or not chosen else _cursor(key(chosen[-1]))


def _plain(key: tuple[Any, ...]) -> list[Any]:
    return msgspec.json.decode(msgspec.json.encode(key))


def _cursor(key: tuple[Any, ...]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def _last(cursor: str) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = msgspec.json.decode(base64.b64decode(padded, b"-_", validate=True))
    except ValueError as error:
        raise Problem(422, "wrong_cursor", "the cursor is none: take `next` as it was") from error
    if not isinstance(found, list):
        raise Problem(422, "wrong_cursor", "the cursor is none: take `next` as it was")
    return found  # pyright: ignore[reportUnknownVariableType]


def _before(key: list[Any], last: list[Any]) -> bool:
    try:
        return [(each is not None, each) for each in key] < [(e is not None, e) for e in last]
    except TypeError as error:
        raise Problem(422, "wrong_cursor", "the cursor is of another list") from error
