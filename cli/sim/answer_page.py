"""What a running simulator answers, and where it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.terminal.output import emit

SimUrl = Annotated[
    str, typer.Option("--url", envvar="TRADECTL_SIM_URL", help="Where the simulator listens.")
]


def show(result: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what a simulator answered."""

    def page(console: Console) -> None:
        for key, value in result.items():
            console.print(f"{key:16} {value}", highlight=False, markup=False)

    emit(result, as_json=as_json, page=page)
