"""What a change of parameters would have done to a recorded stretch, before it is made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import msgspec

from app.backtest.asked_data import data_warnings
from app.clock import instant, parse_day
from app.strategies import Hosted
from catalog import Catalog, StoredBuckets
from catalog.warnings import DayWarning
from engine.domain.candidate import StrategyFailure
from engine.domain.errors import ConfigError, NotFoundError
from engine.domain.parameters import Parameters
from engine.domain.session import day_of, session
from engine.preview import Configuration, PaperTrade, Preview, Rehearsal, preview

_STRETCH_NS = 1_800_000_000_000
_EQUITY = Decimal(100_000)

type RecordProgress = Callable[[date], AbstractContextManager[Callable[[float, float], None]]]
"""Given a day, watches its buckets being recorded, in letters."""


class FeatureLimit(msgspec.Struct, frozen=True):
    """What a feature was held against; None on a side of the change that raised nothing."""

    name: str
    before: float | None
    after: float | None


class StrategyPreview(msgspec.Struct, frozen=True):
    """One strategy's part of a preview, with its own features in its own order."""

    strategy_id: str
    candidates_before: int
    candidates_after: int
    trades_before: int
    trades_after: int
    features: tuple[FeatureLimit, ...]


class SwitchedOff(msgspec.Struct, frozen=True):
    """A strategy that went wrong on one side of the change, and says nothing from there on."""

    side: str
    strategy_id: str
    ts_event: int
    why: str


class ChangePreview(msgspec.Struct, frozen=True):
    """Candidates and trades of a recorded stretch before and after a change; times are UTC ns.

    ``warnings`` are about the stretch's day.
    """

    start_ns: int
    end_ns: int
    candidates_before: int
    candidates_after: int
    candidates_gone: int
    candidates_new: int
    trades_before: int
    trades_after: int
    strategies: tuple[StrategyPreview, ...]
    skipped: tuple[PaperTrade, ...]
    added: tuple[PaperTrade, ...]
    switched_off: tuple[SwitchedOff, ...]
    elapsed_secs: float
    warnings: tuple[DayWarning, ...] = ()


class Traded(NamedTuple):
    """The account's parameters, and the strategies that trade under them."""

    params: Parameters
    hosted: Hosted

    def configuration(self, market: Catalog) -> Configuration:
        """Return one side of a change, over the days of a market."""
        self.hosted.expect_fit(self.params)
        return Configuration(self.params, self.hosted.ensemble, self.hosted.make_source(market))


class Stretch(NamedTuple):
    """The buckets of a day that end from one instant to another, UTC ns."""

    day: date
    start_ns: int
    end_ns: int


def newest_stretch(market: Catalog, start: str | None, end: str | None) -> Stretch | None:
    """Return the minutes that are named, or 30 of the last day; None where no day is recorded.

    Raises
    ------
    ConfigError
        An instant is none.
    """
    days = market.dates()
    if not days:
        return None
    day = day_of(instant(start or end or "", None)) if start or end else days[-1]
    hours = session(day)
    first = None if start is None else instant(start, day)
    last = instant(end, day) if end else hours.close_ns
    if first is None and end is None:
        first = hours.open_ns + _STRETCH_NS  # by then entries are open and windows warm
    if first is not None and end is None:
        last = min(first + _STRETCH_NS, hours.close_ns)
    return Stretch(day, last - _STRETCH_NS if first is None else first, last)


def stretch_of_day(market: Catalog, day: str | None, start: str | None, end: str | None) -> Stretch:
    """Return the session of a stored day, the last by default, or the part of it that is named.

    Raises
    ------
    ConfigError
        The day or an instant is none, or the instants lie on other days.
    NotFoundError
        The day is not stored.
    """
    stored = market.dates()
    named = start or end
    if day is not None:
        on = session(parse_day(day)).day
    elif named is not None and ("-" in named or named.isdecimal()):
        on = day_of(instant(named, None))
    else:
        on = stored[-1] if stored else None
    if on is None or on not in stored:
        raise NotFoundError(
            f"no trades are stored for {on or 'any day'} in {market.root}: import them, make some "
            "with 'tradectl catalog synth', or choose another --date"
        )
    hours = session(on)
    first = hours.open_ns if start is None else instant(start, on)
    last = hours.close_ns if end is None else instant(end, on)
    if not {day_of(first), day_of(last)} <= {on}:
        raise ConfigError(f"--from and --to have to lie on {on}: a preview is of one day")
    return Stretch(on, first, last)


def previewed(
    catalog: str,
    before: Traded,
    after: Traded,
    start: str | None,
    end: str | None,
    progress: RecordProgress,
) -> ChangePreview | None:
    """Return what a change would have done, None where no day is recorded.

    The half hour from 10:00 of the last day, or the stretch that is named, all of one day. The
    day's buckets are recorded first where they are not yet.

    Raises
    ------
    ConfigError
        The stretch is none, or the change cannot be seen in recorded buckets.
    NotFoundError
        A stretch was named and there is no catalog.
    """
    try:
        market = Catalog.open(catalog)
    except NotFoundError:
        if start is not None or end is not None:
            raise
        return None
    stretch = newest_stretch(market, start, end)
    return None if stretch is None else change_preview(market, before, after, stretch, progress)


def change_preview(
    market: Catalog, before: Traded, after: Traded, stretch: Stretch, progress: RecordProgress
) -> ChangePreview:
    """Return what a change would have done to a stretch; records its day's buckets first.

    Raises
    ------
    ConfigError
        The change cannot be seen in recorded buckets, a strategy's parameters do not go with the
        account's, or no bucket ends in the stretch.
    """
    day, first, last = stretch
    sides = before.configuration(market), after.configuration(market)
    store = StoredBuckets(market, before.params)
    with progress(day) as watched:
        store.record(day, progress=watched)
    asked = time.perf_counter()
    found = preview(market, store, day, *sides, first, last, equity=_EQUITY)
    names = dict.fromkeys((*before.hosted.names, *after.hosted.names))
    return ChangePreview(
        start_ns=first,
        end_ns=last,
        candidates_before=len(found.before.raised),
        candidates_after=len(found.after.raised),
        candidates_gone=len(set(found.before.raised) - set(found.after.raised)),
        candidates_new=len(set(found.after.raised) - set(found.before.raised)),
        trades_before=len(found.before.trades),
        trades_after=len(found.after.trades),
        strategies=tuple(_strategy(name, found) for name in names),
        skipped=tuple(found.skipped),
        added=tuple(found.added),
        switched_off=(
            *_switched_off("before", found.before.failures),
            *_switched_off("after", found.after.failures),
        ),
        elapsed_secs=time.perf_counter() - asked,
        warnings=data_warnings(market, [day]),
    )


def _strategy(name: str, found: Preview) -> StrategyPreview:
    was, will = found.before.limits.get(name, {}), found.after.limits.get(name, {})
    return StrategyPreview(
        strategy_id=name,
        candidates_before=_raised(found.before, name),
        candidates_after=_raised(found.after, name),
        trades_before=_traded(found.before, name),
        trades_after=_traded(found.after, name),
        features=tuple(_limits(was, will)),
    )


def _limits(was: Mapping[str, float], will: Mapping[str, float]) -> Iterator[FeatureLimit]:
    for feature in dict.fromkeys((*was, *will)):
        yield FeatureLimit(feature, was.get(feature), will.get(feature))


def _raised(side: Rehearsal, name: str) -> int:
    return sum(each[0] == name for each in side.raised)


def _traded(side: Rehearsal, name: str) -> int:
    return sum(each.strategy_id == name for each in side.trades)


def _switched_off(side: str, failures: Sequence[StrategyFailure]) -> Iterator[SwitchedOff]:
    for each in failures:
        yield SwitchedOff(side, each.strategy_id, each.ts_event, each.why)
