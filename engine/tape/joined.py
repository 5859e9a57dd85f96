"""The measures of several parts of a tape as one of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum, hypot

from engine.tape.measure import Heard, TapeMeasure


def joined_measure(measures: Iterable[TapeMeasure | None]) -> TapeMeasure | None:
    """Return what parts of a tape tell together; None where none of them tells anything.

    Counts are added; of lags the longest is taken, of silences the shortest, for the tape is not
    silent while any part of it is heard.
    """
    parts = [each for each in measures if each is not None]
    if not parts:
        return None
    lags = [each.lag_ns for each in parts if each.lag_ns is not None]
    silent = [each.silent_ns for each in parts if each.silent_ns is not None]
    gaps = [each.mean_gap_ns for each in parts if each.mean_gap_ns]
    moved = [each.moved for each in parts if each.moved is not None]
    windows = sorted({each.buckets for part in parts for each in part.heard})
    return TapeMeasure(
        ts=max(each.ts for each in parts),
        prints=sum(each.prints for each in parts),
        late=sum(each.late for each in parts),
        future=sum(each.future for each in parts),
        repeated=sum(each.repeated for each in parts),
        lag_ns=max(lags, default=None),
        silent_ns=min(silent, default=None),
        mean_gap_ns=1 / fsum(1 / each for each in gaps) if gaps else None,
        symbols=sum(each.symbols for each in parts),
        heard=tuple(
            _added([each for part in parts for each in part.heard if each.buckets == window])
            for window in windows
        ),
        moved=_added(moved) if moved else None,
    )


def _added(parts: Sequence[Heard]) -> Heard:
    return Heard(
        parts[0].buckets,
        sum(each.heard for each in parts),
        fsum(each.expected for each in parts),
        hypot(*(each.deviation for each in parts)),
    )
