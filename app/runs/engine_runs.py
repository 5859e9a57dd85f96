"""Which journals of a database are an engine's runs, by their names."""

from __future__ import annotations

from enum import StrEnum

from app.access.journal import RUN_ID as ACCESS
from app.parameters.desk import RUN_ID as DESK


class JournalKind(StrEnum):
    """Whose facts a journal holds."""

    RUN = "run"
    COMMANDS = "commands"
    PARAMETERS = "parameters"
    ACCESS = "access"


def journal_kind(run_id: str) -> JournalKind:
    """Return whose facts a journal of that name holds."""
    from store import is_command_log

    if run_id == DESK:
        return JournalKind.PARAMETERS
    if run_id == ACCESS:
        return JournalKind.ACCESS
    return JournalKind.COMMANDS if is_command_log(run_id) else JournalKind.RUN


def is_engine_run(run_id: str) -> bool:
    """Say whether facts of a run are an engine's, not parameters, commands given or users."""
    return journal_kind(run_id) is JournalKind.RUN
