"""The scans of a run: made or taken from what is kept, and what its report needs of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from app.backtest.kept_scans import kept_scan
from catalog import Catalog
from engine.domain.candidate import Gate
from engine.domain.market_data.recorded import MarketData
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import Stretch
from engine.signals import ScanResult
from engine.signals.scan import Progress
from engine.signals.whole_tape.signal_runner import SignalSource
from engine.signals.whole_tape.signal_tables import QUOTED_SIGNALS, kept_of_a_run
from reports.funnel import near_gate


class DayScans:
    """Scans day by day, keeping of each only what is small.

    Attributes
    ----------
    gate_counts : int64 array, shape (4096,)
        Summed over the days; see ``ScanResult.gate_counts``.
    raised : counter
        Candidates raised, by strategy.
    quality : dict
        Counters summed over the days; ``symbols`` is the largest number on one day.
    """

    def __init__(self, catalog: Catalog, workers: int, *, refresh: bool) -> None:
        self.gate_counts = np.zeros(1 << len(Gate), np.int64)
        self.quality: dict[str, int] = {}
        self.raised: Counter[str] = Counter()
        self._catalog = catalog
        self._workers = workers
        self._refresh = refresh
        self._latest: ScanResult | None = None
        self._candidates: list[pa.Table] = []
        self._near: list[pa.Table] = []
        self._breadth: list[pa.Table] = []
        self._signals: list[pa.Table] = []

    def __call__(
        self,
        market: MarketData,  # noqa: ARG002  (the port of run_backtest; the catalog is the market)
        day: date,
        params: Parameters,
        *,
        letters: Sequence[str] | None,
        symbols: Sequence[str] | None,
        changes: Sequence[Stretch] = (),
        progress: Progress | None,
        source: SignalSource | None = None,
    ) -> ScanResult:
        """Scan one day, or return the scan of the day asked for last."""
        latest, asked = self._latest, (day, params, tuple(changes))
        if latest is None or (latest.day, latest.params, latest.changes) != asked:
            latest = kept_scan(
                self._catalog,
                day,
                params,
                letters=letters or (),
                symbols=symbols or (),
                changes=changes,
                workers=self._workers,
                progress=progress,
                refresh=self._refresh,
                source=source,
            )
            self._latest = latest
        return latest

    def account(self, result: ScanResult) -> None:
        """Add a day to what the report shows."""
        self.gate_counts += result.gate_counts
        for name, count in result.quality.items():
            before = self.quality.get(name, 0)
            self.quality[name] = max(before, count) if name == "symbols" else before + count
        self.raised.update(result.raised())
        phases = result.candidates.column("phase").to_pylist()
        told = np.array([phase != "updated" for phase in phases], dtype=np.bool_)
        shown = told | result.candidates.column("qualified").to_numpy()
        self._candidates.append(result.candidates.filter(pa.array(shown)))
        self._near.append(near_gate(result.candidates, result.near_misses))
        self._breadth.append(result.breadth)
        if result.signals is not None:
            self._signals.append(kept_of_a_run(result.signals))

    def candidates(self) -> pa.Table:
        """Return raised, faded and qualified candidates of all days."""
        return pa.concat_tables(self._candidates)

    def signals(self) -> pa.Table:
        """Return the same of the strategies that look at the tape, with their features."""
        return pa.concat_tables([QUOTED_SIGNALS.empty_table(), *self._signals])

    def near_misses(self) -> pa.Table:
        """Return what passed every gate except perhaps ``AC_Z``, of all days."""
        return pa.concat_tables(self._near)

    def breadth(self) -> pa.Table:
        """Return the counts of every bucket of all days."""
        return pa.concat_tables(self._breadth)
