"""Each candidate's life from raised to faded, and what became of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from engine.domain.account import ACCELERATION
from engine.domain.candidate import Phase
from reports.columns import flags, floats, integers, of_strategy, strings
from reports.view import RunView


class Fate(StrEnum):
    """What became of a candidate."""

    TRADED = "traded"
    APPROVED = "approved, not traded"
    REFUSED = "refused"
    UNJUDGED = "not judged"


@dataclass(slots=True)
class Episode:
    """One life of one candidate; times UTC ns, ``peak`` the largest ``ac_z`` signed by side."""

    symbol: str
    side: int
    raised_ts: int
    ended_ts: int
    peak: float
    fade_reason: str | None = None
    fate: Fate = Fate.UNJUDGED
    refusal: str | None = None


class _Verdict(NamedTuple):
    ts: int
    approved: bool
    reason: str | None

    def when(self) -> int:
        """Return the bucket's end."""
        return self.ts


def episodes(view: RunView) -> list[Episode]:
    """Return the life of every candidate of acceleration, in order of raising."""
    found = lives(view.candidates)
    _judge(found, view)
    return found


def lives(candidates: pa.Table) -> list[Episode]:
    """Return every candidate's life, in order of raising, not yet judged.

    Parameters
    ----------
    candidates : table, schema ``reports.view.CANDIDATES``
        A candidate whose raising is not in the table begins with its first row.
    """
    columns = zip(
        strings(candidates, "symbol"),
        integers(candidates, "side").tolist(),
        strings(candidates, "phase"),
        integers(candidates, "ts_event").tolist(),
        floats(candidates, "ac_z").tolist(),
        strings(candidates, "fade_reason"),
        strict=True,
    )
    found: list[Episode] = []
    alive: dict[tuple[str, int], Episode] = {}
    for symbol, side, phase, ts, ac_z, fade_reason in columns:
        key = (symbol, side)
        if phase == Phase.RAISED or key not in alive:
            alive[key] = Episode(symbol, side, ts, ts, ac_z * side)
            found.append(alive[key])
        life = alive[key]
        life.ended_ts = ts
        if phase == Phase.FADED:
            life.fade_reason = fade_reason
            del alive[key]
        else:
            life.peak = float(np.fmax(life.peak, ac_z * side))
    return found


def _judge(found: list[Episode], view: RunView) -> None:
    own_trades = of_strategy(view.trades, ACCELERATION)
    candidate_ts = integers(own_trades, "candidate_ts").tolist()
    traded = set(zip(strings(own_trades, "symbol"), candidate_ts, strict=True))
    own_verdicts = of_strategy(view.verdicts, ACCELERATION)
    verdicts: dict[str, list[_Verdict]] = defaultdict(list)
    for symbol, ts, approved, reason in zip(
        strings(own_verdicts, "symbol"),
        integers(own_verdicts, "ts_event").tolist(),
        flags(own_verdicts, "approved").tolist(),
        strings(own_verdicts, "reason"),
        strict=True,
    ):
        verdicts[symbol].append(_Verdict(ts, approved, reason))
    for rows in verdicts.values():
        rows.sort(key=_Verdict.when)
    for life in found:
        rows = verdicts[life.symbol]
        first = bisect_left(rows, life.raised_ts, key=_Verdict.when)
        own = rows[first : bisect_right(rows, life.ended_ts, key=_Verdict.when)]
        if any((life.symbol, verdict.ts) in traded for verdict in own):
            life.fate = Fate.TRADED
        elif any(verdict.approved for verdict in own):
            life.fate = Fate.APPROVED
        elif own:
            life.fate = Fate.REFUSED
            reasons = Counter(verdict.reason for verdict in own if verdict.reason)
            life.refusal = reasons.most_common(1)[0][0] if reasons else None
