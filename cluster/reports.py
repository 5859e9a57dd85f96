"""What a shard says of one slot and bucket, in two parts: what decisions rest on, and the rest."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import numpy as np

from engine.domain.candidate import BucketReport, Candidate, Phase, Window
from engine.tape import TapeMeasure

_NO_FIXED, _NO_FLOATS = np.empty(0, np.int64), np.empty(0)

NO_WINDOW = Window(_NO_FIXED, _NO_FIXED, _NO_FIXED, _NO_FIXED, _NO_FLOATS, _NO_FLOATS, _NO_FLOATS)
"""Of candidates that no decision rests on."""


class Owner(msgspec.Struct, frozen=True, order=True):
    """Under which order of which hub a shard works a slot.

    ``epoch`` is that of the hub's claim on the run, ``number`` counts its orders; a later order has
    a higher one. Whoever reports under an order that has been replaced is refused.
    """

    epoch: int
    number: int


class SlotReport(msgspec.Struct, frozen=True, eq=False):
    """What the hub needs to decide a bucket.

    Attributes
    ----------
    slot : str
        Name of the slot.
    owner : Owner
        The order under which it was made.
    params_version : int
        Of the parameters that the bucket was closed under.
    report : BucketReport
        Without the candidates of the rest.
    others : int
        Candidates that come apart, as a ``SlotRest``; 0 where none does.
    measure : TapeMeasure or None
        Of this part of the tape.
    """

    slot: str
    owner: Owner
    params_version: int
    report: BucketReport
    others: int = 0
    measure: TapeMeasure | None = None


class SlotRest(msgspec.Struct, frozen=True, eq=False):
    """The other candidates of the same slot and bucket, without windows: radar and digest."""

    slot: str
    owner: Owner
    ts_event: int
    candidates: tuple[Candidate, ...]


def split_report(
    report: BucketReport,
    slot: str,
    owner: Owner,
    params_version: int,
    *,
    said_by: Collection[str],
    weighs: bool = False,
) -> tuple[SlotReport, SlotRest | None]:
    """Return what a scanner of one slot said as the two parts that travel.

    Parameters
    ----------
    said_by : collection of str
        Strategies that speak in this slot: those per symbol, or in ``slots.ACROSS`` the others.
    weighs : bool
        Whether the strengths of signals that are not qualified count, as they do where several
        strategies are on and ``ensemble_rule`` is ``weighted``.
    """
    said = [each for each in report.candidates if each.strategy_id in said_by]
    first = tuple(each for each in said if each.qualified or (weighs and _lives(each)))
    others = tuple(
        msgspec.structs.replace(each, window=NO_WINDOW)
        for each in said
        if not (each.qualified or (weighs and _lives(each)))
    )
    failures = tuple(each for each in report.failures if each.strategy_id in said_by)
    own = msgspec.structs.replace(report, candidates=first, failures=failures)
    told = SlotReport(slot, owner, params_version, own, len(others))
    rest = SlotRest(slot, owner, report.ts_event, others) if others else None
    return told, rest


def _lives(candidate: Candidate) -> bool:
    return candidate.phase is not Phase.FADED
