"""How a run in the database started and how it ended, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from cli.terminal.output import emit, progress_console

if TYPE_CHECKING:
    from app.runs.hosted_run import RunEnd


def show_run_started(run_id: str, found: int) -> None:
    """Say on stderr which run has started, or was resumed."""
    again = f"resumed after fact {found}" if found else "started"
    progress_console.print(
        f"{run_id} {again}; command it with 'tradectl do'", highlight=False, markup=False
    )


def emit_end(end: RunEnd, *, as_json: bool, **more: object) -> None:
    """Print how a run ended."""
    result = end.told() | more

    def page(console: Console) -> None:
        for key, value in result.items():
            console.print(f"{key:16} {value}", highlight=False, markup=False, soft_wrap=True)

    emit(result, as_json=as_json, page=page)
