"""How a run in the database started and how it ended, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from cli.terminal.output import emit, progress_console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.runs.hosted_run import RunEnd
    from catalog.warnings import DayWarning


def show_run_started(run_id: str, found: int) -> None:
    """Say on stderr which run has started, or was resumed."""
    again = f"resumed after fact {found}" if found else "started"
    progress_console.print(
        f"{run_id} {again}; command it with 'tradectl do'", highlight=False, markup=False
    )


def emit_end(
    end: RunEnd, warnings: Sequence[DayWarning] = (), *, as_json: bool, **more: object
) -> None:
    """Print how a run ended; what was said of its data at the start is in the JSON, too."""
    import msgspec

    told = end.told() | more
    result = told | {"warnings": msgspec.to_builtins(warnings)}

    def page(console: Console) -> None:
        for key, value in told.items():
            console.print(f"{key:16} {value}", highlight=False, markup=False, soft_wrap=True)

    emit(result, as_json=as_json, page=page)
