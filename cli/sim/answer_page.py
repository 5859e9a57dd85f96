"""What a running simulator answers, and where it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console

from app.clock import instant, new_york
from cli.terminal.in_words import in_words
from cli.terminal.output import emit

SimUrl = Annotated[
    str, typer.Option("--url", envvar="TRADECTL_SIM_URL", help="Where the simulator listens.")
]


_TIMES = frozenset({"now", "pauses_at"})
_AS_NUMBERS = frozenset({"now_ns"})
"""What a page leaves to ``--json``: it tells the same in words."""


def show(result: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what a simulator answered."""

    def page(console: Console) -> None:
        for key, value in result.items():
            if key not in _AS_NUMBERS:
                console.print(f"{key:16} {_told(key, value)}", highlight=False, markup=False)

    emit(result, as_json=as_json, page=page)


def _told(key: str, value: Any) -> str:
    """Return a value as people read it; times are New York's."""
    if key in _TIMES and value is not None:
        return f"{new_york(instant(value, None))} New York"
    return in_words(value)
