"""Two to six runs side by side: the values that are not the same in all of them, first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from app.runs.comparing import RunsCompared, compared_runs, flat
from app.runs.difference import compared_stories
from app.runs.integrity import worst
from app.runs.kept_runs import DEFAULT_DATABASE, Kept, kept_run
from app.runs.overview import IDENTITY, manifest_of
from app.runs.went_in import went_in
from engine.comparison import Cause, Comparison
from engine.domain.errors import ConfigError
from engine.journal import Integrity

FEWEST, MOST = 2, 6


class CausesFound(msgspec.Struct, frozen=True):
    """Why two runs of the same days differ; ``causes`` counts differences by what led to them."""

    comparison: Comparison
    same_decisions: bool
    same_fills: bool
    causes: dict[Cause, int]


class ManyCompared(msgspec.Struct, frozen=True, kw_only=True):
    """What went into some runs and came out of them.

    Attributes
    ----------
    names : tuple of str
        What people call them, empty if nothing.
    identity, params, strategies, metrics : dict
        A value for each run, in order, of what is not the same in all of them.
    against_first : tuple of RunsCompared
        Each of the others beside the first.
    why : CausesFound or None
        Of two runs that have a day in common.
    not_explained : str
        Why there is none, empty where there is.
    """

    runs: tuple[str, ...]
    names: tuple[str, ...]
    identity: dict[str, list[Any]]
    params: dict[str, list[Any]]
    strategies: dict[str, list[Any]]
    metrics: dict[str, list[Any]]
    against_first: tuple[RunsCompared, ...]
    why: CausesFound | None
    not_explained: str


def compared_many(
    runs: Path, names: Sequence[str], database: str = DEFAULT_DATABASE
) -> tuple[ManyCompared, Integrity | None]:
    """Return how runs differ.

    Raises
    ------
    ConfigError
        They are fewer than two, more than six, or one of them twice. Else raises as ``kept_run``.
    """
    if not FEWEST <= len(names) <= MOST:
        raise ConfigError(f"expected {FEWEST} to {MOST} runs to compare, found {len(names)}")
    kept = [kept_run(name, runs, database) for name in names]
    ids = [run.run_id for run in kept]
    pairs = [compared_runs(runs, ids[0], other, database)[0] for other in ids[1:]]
    if len(set(ids)) < len(ids):
        raise ConfigError(f"{', '.join(ids)}: one of them is named twice; name another")
    manifests = [manifest_of(run) for run in kept]
    why, not_explained = _causes(ids, runs, database)
    compared = ManyCompared(
        runs=tuple(ids),
        names=tuple(run.name for run in kept),
        identity=_apart([{key: each[key] for key in IDENTITY} for each in manifests]),
        params=_apart([each["params"] for each in manifests]),
        strategies=_apart([went_in(run).strategies for run in kept]),
        metrics=_apart([flat(each["metrics"]) for each in manifests]),
        against_first=tuple(pairs),
        why=why,
        not_explained=not_explained,
    )
    return compared, worst(*map(_integrity, kept))


def _integrity(run: Kept) -> Integrity | None:
    return run.integrity()


def _causes(ids: Sequence[str], runs: Path, database: str) -> tuple[CausesFound | None, str]:
    if len(ids) != FEWEST:
        return None, "causes are found between two runs"
    try:
        found, _ = compared_stories(ids[0], ids[1], database, runs)
    except ConfigError as error:
        return None, str(error)
    return CausesFound(found, found.same_decisions, found.same_fills, dict(found.causes)), ""


def _apart(sides: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return the values of what is not the same on all sides, None where a side has none."""
    names = dict.fromkeys(name for each in sides for name in each)
    rows = {name: [each.get(name) for each in sides] for name in names}
    return {name: row for name, row in rows.items() if any(each != row[0] for each in row)}
