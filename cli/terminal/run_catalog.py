"""``--catalog`` of commands that look back at a run: its own unless another is named."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from cli.terminal.options import DEFAULT_CATALOG

if TYPE_CHECKING:
    from rich.console import Console

    from app.runs.explain.day_tape import WantedCatalog
    from app.runs.explain.tape_at_hand import TapeAtHand

RunCatalog = Annotated[
    str | None,
    typer.Option(
        "--catalog",
        metavar="ROOT",
        help="Catalog to read in place of the run's own: a folder or an fsspec URL. Without a run "
        f"TRADECTL_CATALOG or {DEFAULT_CATALOG}.",
    ),
]


def wanted_catalog(asked: str | None) -> WantedCatalog:
    """Return which catalog is wanted; what the environment names is no more than a default."""
    from app.runs.explain.day_tape import WantedCatalog

    return WantedCatalog(asked, os.environ.get("TRADECTL_CATALOG") or DEFAULT_CATALOG)


def tape_page(console: Console, tape: TapeAtHand) -> None:
    """Say what there is to know of the tape that an answer was read from."""
    if tape.note:
        console.print(tape.note, style="yellow", highlight=False, markup=False, soft_wrap=True)
