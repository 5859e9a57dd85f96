"""What runs on this machine now, by what it shows of itself."""

from __future__ import annotations

import msgspec

from app.display.watched import WatchedRun, watched_now
from engine.display.frame import HealthRow, Issue
from engine.domain.errors import DataError, RunError


class RunningNode(msgspec.Struct, frozen=True, kw_only=True):
    """A run whose process lives, as of its newest frame.

    Attributes
    ----------
    status : str
        ``Running``, ``Starting`` before the first frame, ``Crashed`` where the process is gone.
    ts : int or None
        The run's own time, UTC ns.
    bucket_ts : int or None
        End of the bucket that closed last.
    detail : str
        Why it is not to be seen, empty where it is.
    """

    run_id: str
    status: str
    venue: str | None
    epoch: int | None
    sends: bool | None
    ts: int | None
    bucket_ts: int | None
    health: HealthRow | None
    issues: tuple[Issue, ...]
    detail: str


def running_nodes(database: str) -> tuple[RunningNode, ...]:
    """Return the runs beside a database that go on, the one started last first."""
    found = map(_node, watched_now(database))
    return tuple(each for each in found if each.status in {"Running", "Starting", "Crashed"})


def _node(run: WatchedRun) -> RunningNode:
    detail = ""
    try:
        frame = run.newest()
        run.expect_alive()
    except (DataError, RunError) as error:
        frame, detail = run.last, str(error)
    if frame is None:
        return RunningNode(
            run_id=run.run_id,
            status="Crashed" if detail else "Starting",
            venue=None,
            epoch=None,
            sends=None,
            ts=None,
            bucket_ts=None,
            health=None,
            issues=(),
            detail=detail,
        )
    return RunningNode(
        run_id=run.run_id,
        status="Crashed" if detail else frame.status,
        venue=frame.heading.venue,
        epoch=frame.heading.epoch,
        sends=frame.heading.sends,
        ts=frame.ts,
        bucket_ts=None if frame.bucket is None else frame.bucket.ts_event,
        health=frame.health,
        issues=frame.issues,
        detail=detail,
    )
