"""The digest of what reports say, whether one scanner made them or many; reports as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from engine.domain.account import ACCELERATION
from engine.domain.candidate import BucketReport, Candidate, Gate
from engine.domain.fixed_point import fixed_shares
from engine.signals.digest import CandidateDigest, SignalDigest, whole_digest
from engine.signals.state import ROW
from engine.signals.tables import (
    MEASURED,
    QUOTE_COLUMNS,
    VOLUMES,
    exact_array,
    gate_column,
)
from engine.signals.whole_tape.signal_tables import QUOTED_SIGNALS

_AT_ONCE = 64
"""Reports that are made tables together: each table costs the same whether it has a row or many."""


class ReportDigest:
    """Takes reports in order of their buckets; equal to ``ScanResult.digest`` after a day.

    Parameters
    ----------
    asks : bool
        Whether other strategies than the compiled one are asked at all: as a scan with a source.
    """

    def __init__(self, *, asks: bool = False) -> None:
        self._candidates = CandidateDigest()
        self._signals = SignalDigest() if asks else None
        self._waiting: list[BucketReport] = []

    def update(self, report: BucketReport) -> None:
        """Take the report of the next bucket; its windows are not read."""
        self._waiting.append(report)
        if len(self._waiting) >= _AT_ONCE:
            self._take()

    def hexdigest(self) -> str:
        """Return the digest of all reports so far."""
        self._take()
        return whole_digest(self._candidates, self._signals)

    def _take(self) -> None:
        waiting, self._waiting = self._waiting, []
        for _, same in groupby(waiting, key=_indices):
            reports = list(same)
            told = [each for report in reports for each in report.candidates]
            own = [each for each in told if each.strategy_id == ACCELERATION]
            self._candidates.update(candidates_table(own), reports_breadth(reports))
            if self._signals is not None:
                said = [each for each in told if each.strategy_id != ACCELERATION]
                failures = [failed for report in reports for failed in report.failures]
                self._signals.update(signals_table(said), failures)


def reports_breadth(reports: Sequence[BucketReport]) -> pa.Table:
    """Return the breadth of reports that read the same indices, as ``tables.breadth_table``."""
    counts = [each.breadth for each in reports]
    columns: dict[str, Any] = {"ts": np.array([each.ts_event for each in reports], np.int64)}
    for name in ("live", "rising", "falling"):
        columns[name] = np.array([getattr(each, name) for each in counts], np.int32)
    for k, index in enumerate(_indices(reports[0]) if reports else ()):
        columns[f"{index}_ao_bps"] = np.array([each.indices[k].ao_bps for each in counts])
        columns[f"{index}_ac_z"] = np.array([each.indices[k].ac_z for each in counts])
    return pa.table(columns)


def candidates_table(candidates: Sequence[Candidate]) -> pa.Table:
    """Return candidates of the compiled strategy as ``tables.rows_table`` with quotes."""

    def column(make: Callable[[Candidate], Any], dtype: Any) -> Any:
        arrays: Any = pa
        made = np.array([make(each) for each in candidates], dtype)
        return arrays.array(made)

    def texts(make: Callable[[Candidate], str | None]) -> Any:
        return pa.array([make(each) for each in candidates], pa.string())

    columns: dict[str, Any] = {
        "ts_event": column(lambda each: each.ts_event, np.int64),
        "ts_init": column(lambda each: each.ts_init, np.int64),
        "symbol": texts(lambda each: each.symbol),
        "side": column(lambda each: int(each.side), np.int8),
        "phase": texts(lambda each: each.phase.value),
        "fade_reason": texts(lambda each: each.fade_reason and each.fade_reason.value),
        "qualified": column(lambda each: each.qualified, np.bool_),
        "last": exact_array(np.array([each.last for each in candidates], np.int64)),
    }
    measured = [_measured(each) for each in candidates]
    for name in MEASURED:
        found = np.array([values[name] for values in measured], ROW[name])
        columns[name] = exact_array(found) if name in VOLUMES else pa.array(found)
    for gate in Gate:
        columns[gate_column(gate)] = column(lambda each, k=int(gate): each.features[k].value, "f8")
    return pa.table(columns | _quotes(candidates))


def signals_table(candidates: Sequence[Candidate]) -> pa.Table:
    """Return candidates of other strategies as ``signal_tables.QUOTED_SIGNALS``."""
    exact = ("last", "volume", "session_volume")
    others = [name for name in QUOTED_SIGNALS.names if name not in (*exact, *QUOTE_COLUMNS)]
    columns: dict[str, Any] = {}
    schema: Any = QUOTED_SIGNALS
    for name in others:
        found: list[Any] = [getattr(each, name) for each in candidates]
        if name == "features":
            found = [[msgspec.structs.asdict(one) for one in features] for features in found]
        columns[name] = pa.array(found, schema.field(name).type)
    columns["last"] = exact_array(np.array([each.last for each in candidates], np.int64))
    for name in exact[1:]:
        fixed = [fixed_shares(getattr(each, name)) for each in candidates]
        columns[name] = exact_array(np.array(fixed, np.int64))
    columns |= _quotes(candidates)
    return pa.table({name: columns[name] for name in QUOTED_SIGNALS.names}, schema=QUOTED_SIGNALS)


def _measured(candidate: Candidate) -> Mapping[str, Any]:
    """Return the values of the columns ``tables.MEASURED``."""
    found = candidate.oscillators
    if found is None:
        raise ValueError(f"{candidate.symbol} of acceleration has no oscillators")
    return {
        **msgspec.structs.asdict(found),
        "sigma_bps": candidate.sigma_bps,
        "volume": fixed_shares(candidate.volume),
        "run_volume": fixed_shares(found.run_volume),
        "run_notional": candidate.notional,
        "session_volume": fixed_shares(candidate.session_volume),
        "vwap": candidate.vwap,
        "vwap_slope": candidate.vwap_slope,
        "gates": sum(each.passed << bit for bit, each in enumerate(candidate.features)),
    }


def _quotes(candidates: Sequence[Candidate]) -> dict[str, Any]:
    """Return the columns ``tables.QUOTE_COLUMNS``, null where no quote was shown."""
    shown = [each.quote for each in candidates]
    fields = ("bid", "ask", "bid_size", "ask_size", "ts_init")
    return {
        name: pa.array([None if q is None else getattr(q, field) for q in shown], pa.int64())
        for name, field in zip(QUOTE_COLUMNS, fields, strict=True)
    }


def _indices(report: BucketReport) -> tuple[str, ...]:
    return tuple(each.symbol for each in report.breadth.indices)
