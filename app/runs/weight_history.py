"""How a run has weighed its strategies, from its first word on them to the newest."""

from __future__ import annotations

from pathlib import Path

from app.runs.kept_runs import kept_run
from engine.domain.facts import EnsembleChanged
from engine.journal import Integrity


def weight_history(
    name: str, runs: Path, database: str
) -> tuple[str, tuple[EnsembleChanged, ...], Integrity | None]:
    """Return a run's id, what was said of its strategies, the first word first, and its standing.

    Nothing was said in a run of acceleration alone. Raises as ``kept_run`` does.
    """
    run = kept_run(name, runs, database)
    payloads = (fact.payload for fact in run.journal()[0].facts())
    said = tuple(each for each in payloads if isinstance(each, EnsembleChanged))
    return run.run_id, said, run.integrity()
