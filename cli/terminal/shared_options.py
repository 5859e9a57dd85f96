"""Command lines of functions that share their options with others."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

from cli.terminal.output import command


def taking(options: Callable[..., Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a function the command line of its own arguments, then of shared options.

    Parameters
    ----------
    options : dataclass
        Its fields are the shared options, annotated as typer wants them, those of its bases
        first. The function takes an instance of it first.
    """
    hints = get_type_hints(options, include_extras=True)
    shared = {
        name: each.replace(annotation=hints[name])
        for name, each in inspect.signature(options).parameters.items()
    }

    def give(function: Callable[..., None]) -> Callable[..., None]:
        _, *own = inspect.signature(function, eval_str=True).parameters.values()

        @functools.wraps(function)
        def run(**given: Any) -> None:
            common = options(**{name: given.pop(name) for name in shared})
            function(common, **given)

        line = [
            each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *shared.values())
        ]
        # typer reads a command line off a function's signature and annotations
        run.__signature__ = inspect.Signature(line)  # pyright: ignore[reportAttributeAccessIssue, reportFunctionMemberAccess]
        run.__annotations__ = {each.name: each.annotation for each in line}
        return command(run)

    return give
