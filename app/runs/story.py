"""What a run decided and did, from wherever it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from app.runs.kept_runs import Kept, KeptInDirectory, kept_run
from app.runs.verdict_file import verdict_table
from engine.comparison import Judgement, Story
from engine.domain.account import ACCELERATION
from engine.domain.facts import Fact
from engine.domain.parameters import parameters_from
from engine.domain.parameters.versions import ParameterHistory
from engine.journal import Integrity
from store import Run


def run_story(name: str, database: str, runs: Path) -> tuple[Story, Integrity | None]:
    """Return the story of a run directory or of a run in the database, and how far it holds.

    Parameters
    ----------
    name : str
        Run id, its beginning, or ``latest`` for the one of either that was started last.

    Raises
    ------
    NotFoundError
        There is neither.
    ConfigError
        Several begin like that, and none is called that.
    JournalError
        Its facts cannot be read.
    DataError
        Its verdicts cannot.
    """
    return story_of(kept_run(name, runs, database), runs)


def story_of(found: Kept, runs: Path) -> tuple[Story, Integrity | None]:
    """Return the same of a run that was found; raises as ``run_story``."""
    if isinstance(found, KeptInDirectory):
        return _of_directory(found.run), found.integrity()
    return journal_story(found.run_id, found.facts, runs), found.integrity()


def _of_directory(run: Run) -> Story:
    params = ParameterHistory(parameters_from(run.manifest.params))
    table = run.read_table("verdicts")
    return Story.of(run.run_id, run.journal.facts(), _judgements(table), params)


def journal_story(run_id: str, facts: Iterable[Fact], runs: Path) -> Story:
    """Return the story of a run in a database; its verdicts, if kept, are a file in ``runs``.

    Raises
    ------
    DataError
        The verdicts cannot be read.
    """
    table = verdict_table(run_id, runs)
    return Story.of(run_id, facts, _judgements(table))


def _judgements(table: pa.Table | None) -> list[Judgement] | None:
    if table is None:
        return None
    return msgspec.convert([_of_today(row) for row in table.to_pylist()], list[Judgement])


def _of_today(row: dict[str, Any]) -> dict[str, Any]:
    """Return a verdict that names its strategy; one kept before there were others is its ac_z."""
    if "score" in row:
        return row
    return row | {"strategy_id": ACCELERATION, "score": abs(row["ac_z"])}
