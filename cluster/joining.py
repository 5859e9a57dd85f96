"""Reports of slots → the report that one process makes of the whole tape."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import isnan

import msgspec

from cluster.reports import NO_WINDOW
from cluster.slots import ACROSS, places_of, slots_of
from engine.domain.account import ACCELERATION
from engine.domain.candidate import (
    Breadth,
    BucketReport,
    Candidate,
    FadeReason,
    IndexReading,
    Phase,
    StrategyFailure,
)

_UNKNOWN = float("nan")

type Places = Mapping[str, int]
"""The place of each strategy among those on one symbol."""


def places_among(strategies: Iterable[str]) -> Places:
    """Return the places of strategies in order of precedence; acceleration stands first."""
    others = [name for name in strategies if name != ACCELERATION]
    return {name: place for place, name in enumerate((ACCELERATION, *others))}


def joined_breadth(reports: Mapping[str, BucketReport]) -> Breadth:
    """Return the counts of all slots together, and of each index the reading that there is."""
    own = [each.breadth for slot, each in sorted(reports.items()) if slot != ACROSS]
    readings: dict[str, IndexReading] = {}
    for reading in (each for breadth in own for each in breadth.indices):
        known = readings.get(reading.symbol)
        if known is None or (isnan(known.ao_bps) and isnan(known.ac_z)):
            readings[reading.symbol] = reading
    return Breadth(
        sum(each.live for each in own),
        sum(each.rising for each in own),
        sum(each.falling for each in own),
        tuple(readings.values()),
    )


class Joiner:
    """Joins the reports of one bucket after the other.

    A strategy that goes wrong in one slot is off in all of them, from the same bucket on: what it
    says elsewhere is taken as its candidates' end.

    Parameters
    ----------
    places : mapping of strategy to place
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._off: set[str] = set()
        self._alive: dict[tuple[str, str], Candidate] = {}

    def join(
        self,
        ts_event: int,
        ts_init: int,
        reports: Mapping[str, BucketReport],
        rests: Iterable[Candidate] = (),
        missing: Sequence[str] = (),
        late: Sequence[StrategyFailure] = (),
    ) -> BucketReport:
        """Return one report of a bucket.

        Parameters
        ----------
        reports : mapping of slot to BucketReport
        rests : iterable of Candidate
            Those that came apart.
        missing : sequence of str
            Slots that have said nothing.
        late : sequence of StrategyFailure
            Told too late for their own bucket: they hold from this one on.
        """
        failures = self._failures(ts_event, reports, late)
        told = [each for report in reports.values() for each in report.candidates]
        said = [each for each in (*told, *rests) if each.strategy_id not in self._off]
        failed = {each.strategy_id for each in failures}
        said = [
            each
            for each in said
            if each.strategy_id not in failed or each.fade_reason is FadeReason.STRATEGY_OFF
        ] + self._ended(ts_event, ts_init, failed, said)
        self._off |= failed
        self._remember(said)
        return BucketReport(
            ts_event,
            ts_init,
            joined_breadth(reports),
            tuple(sorted(said, key=self._place)),
            failures,
            tuple(missing),
        )

    def _failures(
        self,
        ts_event: int,
        reports: Mapping[str, BucketReport],
        late: Sequence[StrategyFailure],
    ) -> tuple[StrategyFailure, ...]:
        """Return who went wrong and is not off yet, once each, in order of precedence."""
        told = [each for _, report in sorted(reports.items()) for each in report.failures]
        first: dict[str, StrategyFailure] = {}
        for each in (*told, *late):
            if each.strategy_id not in self._off:
                now = msgspec.structs.replace(each, ts_event=ts_event)
                first.setdefault(each.strategy_id, now)
        return tuple(sorted(first.values(), key=lambda each: self._places[each.strategy_id]))

    def _ended(
        self, ts_event: int, ts_init: int, failed: set[str], said: Sequence[Candidate]
    ) -> list[Candidate]:
        """Return the ends of failed strategies' candidates, of slots in which they went on."""
        if not failed:
            return []
        newest = {_key(each): each for each in said if each.strategy_id in failed}
        ended: list[Candidate] = []
        for key, known in self._alive.items():
            last = newest.get(key, known)
            if key[0] not in failed or last.fade_reason is FadeReason.STRATEGY_OFF:
                continue
            end = msgspec.structs.replace(
                last,
                side=known.side,
                phase=Phase.FADED,
                ts_event=ts_event,
                ts_init=ts_init,
                fade_reason=FadeReason.STRATEGY_OFF,
                qualified=False,
                score=_UNKNOWN,
                strength=_UNKNOWN,
                confidence=_UNKNOWN,
                notional=_UNKNOWN,
                features=(),
                quote=None,
            )
            ended.append(end)
        return ended

    def _remember(self, said: Iterable[Candidate]) -> None:
        """Keep who lives of strategies that can go wrong, as it was last heard of."""
        for each in said:
            if each.strategy_id == ACCELERATION:
                continue
            if each.phase is Phase.FADED:
                self._alive.pop(_key(each), None)
            else:
                self._alive[_key(each)] = msgspec.structs.replace(each, window=NO_WINDOW)

    def _place(self, candidate: Candidate) -> tuple[str, int]:
        return candidate.symbol, self._places[candidate.strategy_id]


def without_slots(
    report: BucketReport, missing: Sequence[str], across: Collection[str] = ()
) -> BucketReport:
    """Return a report of one process as it would have been decided while slots were silent.

    For whoever plays a day again on which the fact ``bucket_incomplete`` was recorded. Breadth
    stays whole: nothing is entered on such a bucket, so nobody asks.

    Parameters
    ----------
    missing : sequence of str
        Names of slots, as the fact has them.
    across : collection of str
        Strategies that look across symbols.
    """
    if not missing:
        return report
    silent = [slot for name in missing if name != ACROSS for slot in slots_of(name) or ()]
    places = places_of([each.symbol for each in report.candidates]).tolist()
    kept = tuple(
        each
        for each, place in zip(report.candidates, places, strict=True)
        if (
            ACROSS not in missing
            if each.strategy_id in across
            else not any(slot.first <= place <= slot.last for slot in silent)
        )
    )
    return msgspec.structs.replace(report, candidates=kept, missing=tuple(missing))


def _key(candidate: Candidate) -> tuple[str, str]:
    return candidate.strategy_id, candidate.symbol
