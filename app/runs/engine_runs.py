"""Which runs of a database are an engine's, by their names."""

from __future__ import annotations

from app.parameters.desk import RUN_ID


def is_engine_run(run_id: str) -> bool:
    """Say whether facts of a run are an engine's, not those of the desk or of a command log."""
    from store import is_command_log

    return run_id != RUN_ID and not is_command_log(run_id)
