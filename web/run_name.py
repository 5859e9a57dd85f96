"""The run that a path names, and those that somebody may have meant."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import wraps
from typing import Annotated

from fastapi import Path

from app.runs.overview import known_names
from engine.domain.errors import NotFoundError
from web.places import Places
from web.problems import Problem

RunName = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        description="Run id, its beginning, its name, or `latest`.",
        examples=["latest"],
    ),
]


def with_near_names[**P, T](function: Callable[P, T], run: str, places: Places) -> Callable[P, T]:
    """Return a use case whose refusal of an unknown run has the names near it: ``near``."""

    @wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except NotFoundError as error:
            names = known_names(places.runs, places.database)
            if run in (*names, "latest") or any(name.startswith(run) for name in names):
                raise
            near = get_close_matches(run, names, n=3, cutoff=0.5)
            raise Problem(404, "no_such_run", str(error), near=near) from error

    return asked
