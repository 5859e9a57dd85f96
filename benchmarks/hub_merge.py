"""What it costs a hub to take and merge the reports of one bucket, by slots and candidates."""

from __future__ import annotations

import statistics
import time

import numpy as np

from cluster.coding import packed, unpacked_report
from cluster.merge import ReportMerge
from cluster.reports import Owner, SlotReport
from cluster.splitting import equal_slots
from engine.domain.account import ACCELERATION
from engine.domain.candidate import (
    ALL_GATES,
    Breadth,
    BucketReport,
    Candidate,
    Feature,
    Oscillators,
    Phase,
    Side,
    Window,
)
from engine.domain.session import NANOS_PER_SECOND

_WIDTH_NS = 5 * NANOS_PER_SECOND
_FIRST_NS = 360_000_000 * _WIDTH_NS
_WINDOW = 36
"""Buckets of a candidate's window: three minutes."""
_BUCKETS = 40
_OWNER = Owner(0, 1)


def merge_ms(slots: int, candidates: int) -> tuple[float, int]:
    """Return processor ms a bucket, median, and its bytes as they come over the streams."""
    cut = equal_slots(slots)
    merge = ReportMerge(cut, _FIRST_NS, _WIDTH_NS)
    for name in cut.names:
        merge.owners.give(name, _OWNER, _FIRST_NS)
    taken: list[float] = []
    size = 0
    for k in range(_BUCKETS):
        ts = _FIRST_NS + k * _WIDTH_NS
        said = [packed(_report(name, ts, n)) for name, n in _shares(cut.names, candidates)]
        size = sum(map(len, said))
        before = time.process_time()
        for each in said:
            merge.take(unpacked_report(each))
        decided = merge.decided(0)
        taken.append(1e3 * (time.process_time() - before))
        assert len(decided) == 1
        assert len(decided[0].candidates) == candidates
    return statistics.median(taken), size


def _shares(names: tuple[str, ...], candidates: int) -> list[tuple[str, int]]:
    share, rest = divmod(candidates, len(names))
    return [(name, share + (k < rest)) for k, name in enumerate(names)]


def _report(slot: str, ts: int, n: int) -> SlotReport:
    letter = slot[0]
    candidates = tuple(_candidate(f"{letter}{k:04}", ts) for k in range(n))
    report = BucketReport(ts, ts + NANOS_PER_SECOND, Breadth(400, 210, 190, ()), candidates)
    return SlotReport(slot, _OWNER, 1, report)


def _candidate(symbol: str, ts: int) -> Candidate:
    ends = np.arange(_WINDOW, dtype=np.int64) * _WIDTH_NS + ts - (_WINDOW - 1) * _WIDTH_NS
    prices = np.full(_WINDOW, 101_250_000, np.int64)
    sizes = np.linspace(100.0, 900.0, _WINDOW)
    return Candidate(
        strategy_id=ACCELERATION, symbol=symbol, side=Side.LONG, phase=Phase.UPDATED,
        ts_event=ts, ts_init=ts + NANOS_PER_SECOND, fade_reason=None, qualified=True,
        score=4.2, strength=0.5, confidence=0.7, notional=250_000.0,
        features=tuple(Feature(f"feature {k}", 1.5, 1.0, passed=True) for k in range(_GATES)),
        last=101_250_000, volume=900, session_volume=120_000, sigma_bps=3.1, vwap=101.2,
        vwap_slope=0.01, quote=None,
        window=Window(ends, prices, prices, prices, sizes, sizes, sizes),
        oscillators=Oscillators(0.1, 0.02, 9.0, 2.0, 4.2, 500.0, 9_000),
    )  # fmt: skip


_GATES = ALL_GATES.bit_count()
