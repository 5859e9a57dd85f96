"""Names and tags of runs, given after they were started."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from app.runs.kept_runs import DEFAULT_DATABASE, kept_run, kept_runs
from engine.domain.errors import ConfigError
from store import RunLabels


class Labelled(msgspec.Struct, frozen=True):
    """What a run is called now."""

    run_id: str
    name: str
    tags: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        """Return it by name."""
        return msgspec.structs.asdict(self)


def name_run(runs: Path, run: str, name: str | None, database: str = DEFAULT_DATABASE) -> Labelled:
    """Give a run a name in place of the one it has, or none.

    Raises
    ------
    NotFoundError
        There is no such run.
    ConfigError
        Several are called so, it is being written, or the name is none, or another run's id.
    """
    kept = kept_run(run, runs, database)
    if any(name == each.run_id for each in kept_runs(runs, database)):
        raise ConfigError(f"{name} is the id of a run and would then mean two; choose another name")
    labels = RunLabels(RunLabels.given(name, ()).name, kept.labels.tags)
    kept.label(labels)
    return Labelled(kept.run_id, labels.name, labels.tags)


def tag_run(
    runs: Path,
    run: str,
    tags: Sequence[str],
    database: str = DEFAULT_DATABASE,
    *,
    removes: bool = False,
) -> Labelled:
    """Give a run more tags, or take some of its own; raises as ``name_run``."""
    kept = kept_run(run, runs, database)
    labels = kept.labels.untagged(tags) if removes else kept.labels.tagged(tags)
    kept.label(labels)
    return Labelled(kept.run_id, labels.name, labels.tags)
