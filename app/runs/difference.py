"""Why two runs of the same days did not come to the same."""

from __future__ import annotations

from pathlib import Path

from app.runs.comparing import two_runs
from app.runs.integrity import worst
from app.runs.story import story_of
from engine.comparison import Comparison, compare
from engine.domain.errors import ConfigError
from engine.journal import Integrity


def compared_stories(
    first: str, second: str, database: str, runs: Path
) -> tuple[Comparison, Integrity | None]:
    """Return how two runs differ, decision by decision, and how far the worse journal holds.

    Raises
    ------
    ConfigError
        They have no day in common, or are the same run. Else raises as
        ``app.runs.story.run_story`` does.
    """
    kept = two_runs(first, second, runs, database)
    (one, of_one), (two, of_two) = (story_of(run, runs) for run in kept)
    compared = compare(one, two)
    if not compared.days:
        raise ConfigError(
            f"{' and '.join(compared.runs)} have no day in common: compare runs of the same day"
        )
    return compared, worst(of_one, of_two)
