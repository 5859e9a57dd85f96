"""Letters, symbols and amounts as they are typed."""

from __future__ import annotations

from typing import Annotated

import typer

from app.symbol_list import listed_symbols

Letters = Annotated[
    str | None,
    typer.Option("--letters", help="First letters, as A, A-C or A,M-P; all by default."),
]
Symbols = Annotated[
    str | None,
    typer.Option(
        "--symbols", help="Symbols between commas, or @FILE with one a line; all by default."
    ),
]
Workers = Annotated[
    int, typer.Option("--workers", min=1, max=64, help="Threads that scan, one letter at a time.")
]


def parse_symbols(text: str | None) -> tuple[str, ...]:
    """Return the symbols of a list, as they are written, ascending; none for None.

    Raises
    ------
    ConfigError
        As ``listed_symbols`` does.
    """
    return () if text is None else listed_symbols(text, "--symbols")
