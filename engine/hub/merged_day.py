"""What shards say of a day, as the hub takes it: the port behind which a cluster stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from engine.domain.candidate import BucketReport
from engine.tape import TapeMeasure


@dataclass(frozen=True, slots=True)
class MergedReport:
    """A bucket that can be decided.

    Attributes
    ----------
    report : BucketReport
        Of all slots; ``missing`` names those that were silent.
    measure : TapeMeasure or None
        Of the tape, of all slots together.
    """

    report: BucketReport
    measure: TapeMeasure | None = None


class MergedDay(Protocol):
    """What shards say of a day, bucket by bucket, as it comes together."""

    def mark(self, ts_event: int, ts_init: int) -> None:
        """Hear that a bucket has closed: its end, and its closing instant (UTC ns)."""
        ...

    def is_ready(self, ts_init: int) -> bool:
        """Say whether all is here of the buckets whose closing instant is at or before one."""
        ...

    def due(self) -> list[MergedReport]:
        """Return what can be decided now and was not returned before, in order."""
        ...

    def whole(self) -> list[BucketReport]:
        """Return the reports that are complete since the last call, for screens; no windows."""
        ...

    def listen(self, on_due: Callable[[], None]) -> None:
        """Have somebody called whenever there may be something due."""
        ...

    def digest(self) -> str:
        """Return the digest of all that was said of the day."""
        ...


class MergedWatch(Protocol):
    """Who hears of what slots lack before anybody decides."""

    def look(self, merged: MergedReport) -> None:
        """Take a bucket that is about to be decided."""
        ...
