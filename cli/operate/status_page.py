"""What the governor of a run allows, on a page or as JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.commands.governor_status import governor_status
from cli.terminal.in_words import in_words
from cli.terminal.output import emit


def show_status(database: str, run: str, *, as_json: bool) -> None:
    """Print what the governor of a run allows."""
    status, integrity = governor_status(database, run)
    result: dict[str, Any] = msgspec.to_builtins(status)

    def page(console: Console) -> None:
        table = Table(box=None, show_header=False, pad_edge=False)
        for name, value in result.items():
            if name == "phase":  # where the day stands says more
                continue
            table.add_row(name.replace("_", " "), Text(in_words(value)))
        console.print(table)

    emit(result, as_json=as_json, page=page, integrity=integrity)
