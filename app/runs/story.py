"""What a run decided and did, from wherever it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from app.runs.chosen_journal import is_engine_run
from app.runs.integrity import run_integrity
from engine.comparison import Judgement, Story
from engine.domain.account import ACCELERATION
from engine.domain.errors import DataError, NotFoundError
from engine.domain.facts import Fact
from engine.domain.parameter_versions import ParameterHistory
from engine.domain.parameters import parameters_from
from engine.domain.session import NANOS_PER_SECOND
from engine.journal import Integrity
from store import Journals, Run, RunStore
from store.runs.named_run import named_run


@dataclass(frozen=True, slots=True)
class _Kept:
    """A run wherever it is kept; ``created_ns`` is when it was started, UTC ns."""

    run_id: str
    created_ns: int
    tell: Callable[[], Story]
    integrity: Callable[[], Integrity | None]


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
    kept = sorted(
        [*_directories(runs), *_journals(database, runs)],
        key=lambda run: run.created_ns,
        reverse=True,
    )
    found = named_run(kept, name, f"{runs} or {database}")
    return found.tell(), found.integrity()


def _directories(runs: Path) -> Iterator[_Kept]:
    for run in RunStore(runs).runs():
        created = datetime.fromisoformat(run.manifest.created).timestamp()
        yield _Kept(
            run.run_id,
            int(created * NANOS_PER_SECOND),
            lambda run=run: _of_directory(run),
            lambda run=run: run_integrity(run),
        )


def _journals(database: str, runs: Path) -> Iterator[_Kept]:
    """Yield the runs of a database; none while there is no database."""
    try:
        journals = Journals.existing(database)
    except NotFoundError:
        return
    for run in journals.runs():
        if not is_engine_run(run.run_id):
            continue
        yield _Kept(
            run.run_id,
            run.created_ns,
            lambda run_id=run.run_id: journal_story(run_id, journals.open(run_id).facts(), runs),
            lambda run_id=run.run_id: journals.open(run_id).integrity(),
        )


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
    table = _read(runs / f"{run_id}.verdicts.parquet")
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


def _read(path: Path) -> pa.Table | None:
    if not path.is_file():
        return None
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path} cannot be read: {error}; without it approvals are compared"
        ) from error
