"""A scanned day: candidates, near misses, breadth and counts as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from engine.domain.account import ACCELERATION
from engine.domain.candidate import ALL_GATES, BucketReport, Gate, Phase, StrategyFailure
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import Stretch
from engine.domain.session import Session
from engine.signals.digest import CandidateDigest, SignalDigest, whole_digest
from engine.signals.reports import Windows, bucket_reports
from engine.signals.tables import VOLUMES, values
from engine.signals.whole_tape.signal_tables import raised_in

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


@dataclass(frozen=True, slots=True)
class GateCount:
    """How one gate fared over the symbol-buckets whose ``ao`` lay on a side that may be traded.

    ``passed`` of them passed it; in ``alone`` it was the only gate that failed.
    """

    passed: int
    alone: int


@dataclass(frozen=True, eq=False)
class ScanResult:
    """What the scanner found on one day.

    Attributes
    ----------
    params : Parameters
        In force at the start; ``changes`` are those that followed during the day, in order.
    candidates : pa.Table
        One row per raised, updated or faded candidate, ordered by ``ts_event`` and ``symbol``; the
        columns are those of ``Candidate`` (prices decimal USD, ``last`` included, volumes decimal
        shares), its quote as
        ``bid, ask, bid_size, ask_size, quote_ts``, and ``gate_‹name›``, the value behind each gate.
    near_misses : pa.Table
        Symbol-buckets that one gate alone kept from being raised; columns as ``candidates``.
    signals : pa.Table, optional
        Candidates of other strategies than the compiled one, ordered by ``ts_event``, ``symbol``
        and strategy: ``signal_tables.SIGNALS`` and the quote. None where none were asked.
    failures : tuple of StrategyFailure
        Strategies that went wrong, in order.
    buckets : pa.Table
        Buckets of candidates' windows, ordered by symbol and time: ``symbol, ts, high, low, last,
        volume, ao, ac``.
    breadth : pa.Table
        One row per bucket: ``ts, live, rising, falling``, ``‹INDEX›_ao_bps``, ``‹INDEX›_ac_z``.
    gate_counts : int64 array, shape (4096,)
        Symbol-buckets with an ``ao`` by the gate bits they passed; those whose ``ao`` lay on the
        wrong side are counted under 0 and were held against no other gate.
    quality : dict
        Counters of the prints seen, see ``state.COUNTERS``.
    timings : dict
        Seconds of wall clock: ``scan_secs``, and before it ``kernel_load_secs``, once a process;
        summed over threads ``decode_secs`` and ``kernel_secs``; ``trades_per_sec`` of the scan.
    """

    day: date
    session: Session
    params: Parameters
    letters: tuple[str, ...]
    candidates: pa.Table
    near_misses: pa.Table
    buckets: pa.Table
    breadth: pa.Table
    gate_counts: np.ndarray
    quality: dict[str, int]
    timings: dict[str, float] = field(default_factory=dict[str, float])
    changes: tuple[Stretch, ...] = ()
    signals: pa.Table | None = None
    failures: tuple[StrategyFailure, ...] = ()

    @property
    def judged(self) -> int:
        """Number of symbol-buckets held against the gates."""
        return int(self.gate_counts.sum())

    def funnel(self) -> dict[Gate, GateCount]:
        """Return how each gate fared."""
        bits = np.arange(len(self.gate_counts))
        return {
            gate: GateCount(
                passed=int(self.gate_counts[(bits >> gate) & 1 == 1].sum()),
                alone=int(self.gate_counts[ALL_GATES & ~(1 << gate)]),
            )
            for gate in Gate
        }

    def raised(self) -> Counter[str]:
        """Return how many candidates each strategy raised."""
        found = Counter({ACCELERATION: values(self.candidates, "phase").count(Phase.RAISED)})
        if self.signals is not None:
            found.update(raised_in(self.signals))
        return found

    def windows(self) -> Windows:
        """Return the windows behind the candidates, as long as they were at the start."""
        return Windows(self.buckets, self.params)

    def reports(self, *, qualified_only: bool = False) -> Iterator[BucketReport]:
        """Yield the report of every bucket of the session, in order, as the hub gets it live.

        With ``qualified_only`` the candidates that no decision can rest on are left out.
        """
        events = self.candidates
        if qualified_only:
            events = events.filter(events.column("qualified"))
        signals = self.candidates.slice(0, 0) if self.signals is None else self.signals
        if qualified_only:
            signals = signals.filter(signals.column("qualified"))
        starts = [each.start_ns for each in self.changes]
        in_force = (self.params, *(each.params for each in self.changes))
        pieces = (
            _cut(self.breadth, "ts", starts),
            _cut(events, "ts_event", starts),
            _cut(signals, "ts_event", starts),
        )
        for params, breadth, told, said in zip(in_force, *pieces, strict=True):
            windows = Windows(self.buckets, params)
            yield from bucket_reports(breadth, told, windows, params, said, self.failures)

    def digest(self) -> str:
        """Return a sha256 over candidates and breadth, bit by bit."""
        total = CandidateDigest()
        total.update(self.candidates, self.breadth)
        if self.signals is None:
            return total.hexdigest()
        said = SignalDigest()
        said.update(self.signals, self.failures)
        return whole_digest(total, said)

    def to_pandas(self) -> pd.DataFrame:
        """Return the candidates as a pandas frame."""
        table: Any = self.candidates
        return table.to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """Return the candidates as a polars frame (polars must be installed)."""
        import polars as pl  # noqa: PLC0415  (an optional extra)

        table = self.candidates
        for name in ("last", *VOLUMES):
            exact = table.column(name).cast(pa.decimal128(18, 6))
            table = table.set_column(table.schema.get_field_index(name), name, exact)
        return pl.DataFrame(table)


def _cut(table: pa.Table, name: str, starts: list[int]) -> Iterator[pa.Table]:
    """Yield a table in pieces, each of the later ones beginning at one of ``starts``."""
    rows = [0, *np.searchsorted(table.column(name).to_numpy(), starts).tolist(), len(table)]
    for start, end in pairwise(rows):
        yield table.slice(start, end - start)
