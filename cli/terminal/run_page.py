"""How a run in the database started and how it ended, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def end_of(end: RunEnd) -> dict[str, Any]:
    """Return how a run ended, by name."""
    outcome = end.outcome
    return {
        "run_id": end.run_id,
        "status": outcome.status,
        "resumed_at": end.resumed_at,
        "candidates": outcome.candidates,
        "trades": len(outcome.trades),
        "orders": outcome.orders,
        "equity": outcome.equity,
        "decision_digest": outcome.decision_digest,
        "fill_digest": outcome.fill_digest,
    }


def emit_end(end: RunEnd, *, as_json: bool, **more: object) -> None:
    """Print how a run ended."""
    result = end_of(end) | more

    def page(console: Console) -> None:
        for key, value in result.items():
            console.print(f"{key:16} {value}", highlight=False, markup=False, soft_wrap=True)

    emit(result, as_json=as_json, page=page)
