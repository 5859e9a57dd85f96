"""What a change of parameters would have done to a recorded stretch, before it is made."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal

import msgspec

from app.clock import instant
from catalog import Catalog, StoredBuckets
from engine.domain.errors import NotFoundError
from engine.domain.parameters import Parameters
from engine.domain.session import day_of, session
from engine.preview import PaperTrade, preview

_STRETCH_NS = 1_800_000_000_000
_EQUITY = Decimal(100_000)

type RecordProgress = Callable[[date], AbstractContextManager[Callable[[float, float], None]]]
"""Given a day, watches its buckets being recorded, in letters."""


class ChangePreview(msgspec.Struct, frozen=True):
    """Candidates and trades of a recorded stretch before and after a change; times are UTC ns."""

    start_ns: int
    end_ns: int
    candidates_before: int
    candidates_after: int
    candidates_gone: int
    candidates_new: int
    trades_before: int
    trades_after: int
    skipped: tuple[PaperTrade, ...]
    added: tuple[PaperTrade, ...]
    elapsed_secs: float


def previewed(
    catalog: str,
    before: Parameters,
    after: Parameters,
    start: str | None,
    end: str | None,
    progress: RecordProgress,
) -> ChangePreview | None:
    """Return what a change would have done, None where no day is recorded.

    The last 30 recorded minutes, or the stretch that is named, all of one day. The day's buckets
    are recorded first where they are not yet.

    Raises
    ------
    ConfigError
        The stretch is none, or the change cannot be seen in recorded buckets.
    NotFoundError
        A stretch was named and there is no catalog.
    """
    named = start is not None or end is not None
    try:
        market = Catalog.open(catalog)
    except NotFoundError:
        if named:
            raise
        return None
    days = market.dates()
    if not days:
        return None
    day = day_of(instant(start or end or "", None)) if named else days[-1]
    hours = session(day)
    first = None if start is None else instant(start, day)
    last = instant(end, day) if end else hours.close_ns
    if first is not None and end is None:
        last = min(first + _STRETCH_NS, hours.close_ns)
    first = last - _STRETCH_NS if first is None else first
    store = StoredBuckets(market, before)
    with progress(day) as watched:
        store.record(day, progress=watched)
    asked = time.perf_counter()
    found = preview(market, store, day, before, after, first, last, equity=_EQUITY)
    return ChangePreview(
        start_ns=first,
        end_ns=last,
        candidates_before=len(found.before.raised),
        candidates_after=len(found.after.raised),
        candidates_gone=len(set(found.before.raised) - set(found.after.raised)),
        candidates_new=len(set(found.after.raised) - set(found.before.raised)),
        trades_before=len(found.before.trades),
        trades_after=len(found.after.trades),
        skipped=tuple(found.skipped),
        added=tuple(found.added),
        elapsed_secs=time.perf_counter() - asked,
    )
