"""Roof: what a run decided and did, from wherever it is kept."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from engine.comparison import Judgement, Story
from engine.domain.errors import ConfigError, DataError, NotFoundError
from engine.domain.parameter_versions import ParameterHistory
from engine.domain.parameters import parameters_from
from store import JournalRun, Journals, Run, RunStore, is_command_log
from store.named_run import named_run


def run_story(name: str, database: str, runs: Path) -> Story:
    """Return the story of the run directory or the run in the database of that name.

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
    missing: list[str] = []
    run, journals, run_id = None, None, None
    try:
        run = RunStore(runs).run(name)
    except NotFoundError as error:
        missing.append(str(error))
    try:
        journals = Journals.existing(database)
        run_id = named_run(_played(journals), name, journals.database).run_id
    except NotFoundError as error:
        missing.append(str(error))
    if run is not None and run_id is not None and (run.run_id == name) != (run_id == name):
        run, run_id = (run, None) if run.run_id == name else (None, run_id)
    if run is not None and run_id is not None:
        raise ConfigError(
            f"{name!r} may be {run.run_id} in {runs} or {run_id} in the database; "
            "give more of the id"
        )
    if run is not None:
        return _of_directory(run)
    if journals is None or run_id is None:
        raise NotFoundError("; ".join(missing))
    table = _read(runs / f"{run_id}.verdicts.parquet")
    return Story.of(run_id, journals.open(run_id).facts(), _judgements(table))


def _of_directory(run: Run) -> Story:
    params = ParameterHistory(parameters_from(run.manifest.params))
    table = run.read_table("verdicts")
    return Story.of(run.run_id, run.journal.facts(), _judgements(table), params)


def _played(journals: Journals) -> list[JournalRun]:
    """Return the runs of an engine, not the logs of commands beside them."""
    return [each for each in journals.runs() if not is_command_log(each.run_id)]


def _judgements(table: pa.Table | None) -> list[Judgement] | None:
    return None if table is None else msgspec.convert(table.to_pylist(), list[Judgement])


def _read(path: Path) -> pa.Table | None:
    if not path.is_file():
        return None
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path} cannot be read: {error}; without it approvals are compared"
        ) from error
