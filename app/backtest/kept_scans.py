"""Scans kept in the catalog, so that the same scan is made once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import date

import numpy as np

from catalog import Catalog
from engine.domain.candidate import Gate
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import Stretch
from engine.domain.session import session
from engine.signals import ScanResult, scan
from engine.signals.scan import Progress
from engine.signals.whole_tape.signal_runner import SignalSource
from store.runs.provenance import code_hash

_TABLES = {
    "candidates": "candidates",
    "near_misses": "verdicts",
    "buckets": "windows",
    "breadth": "breadth",
}
"""Fields of ``ScanResult`` and the kinds under which the catalog keeps them."""


def kept_scan(
    catalog: Catalog,
    day: date,
    params: Parameters,
    *,
    letters: Sequence[str] = (),
    symbols: Sequence[str] = (),
    changes: Sequence[Stretch] = (),
    workers: int = 2,
    progress: Progress | None = None,
    refresh: bool = False,
    keep: bool = True,
    source: SignalSource | None = None,
) -> ScanResult:
    """Return the scan of a day: the one kept, if data, code and parameters are still the same.

    A scan narrowed to symbols, with changes of parameters or strategies over the tape is never
    kept. Raises as
    ``engine.signals.scan`` does.
    """
    key = hashlib.sha256(f"{params.scan_hash()} {','.join(letters)}".encode()).hexdigest()[:16]
    read = letters or catalog.letters(day)
    made_from = {"data": catalog.data_hash(day, read), "code": code_hash(("engine",))}
    can_be_kept = not symbols and not changes and source is None
    if can_be_kept and not refresh:
        kept = _read(catalog, key, day, params, made_from)
        if kept is not None:
            return kept
    result = scan(
        catalog,
        day,
        params,
        letters=letters or None,
        symbols=symbols or None,
        changes=changes,
        workers=workers,
        progress=progress,
        source=source,
    )
    if keep and can_be_kept:
        _write(catalog, key, result, made_from)
    return result


def _write(catalog: Catalog, key: str, result: ScanResult, made_from: dict[str, str]) -> None:
    passed = np.flatnonzero(result.gate_counts)
    meta = {
        "made_from": made_from,
        "letters": list(result.letters),
        "quality": result.quality,
        "gate_counts": [[int(bits), int(result.gate_counts[bits])] for bits in passed],
        "scan_secs": result.timings["scan_secs"],
    }
    for field, kind in _TABLES.items():
        catalog.computed.write(kind, key, result.day, getattr(result, field), meta)


def _read(
    catalog: Catalog, key: str, day: date, params: Parameters, made_from: dict[str, str]
) -> ScanResult | None:
    started = time.perf_counter()
    tables = {}
    meta = {}
    for field, kind in _TABLES.items():
        kept = catalog.computed.read(kind, key, day)
        if kept is None or kept[1]["made_from"] != made_from:
            return None
        tables[field], meta = kept
    counts = np.zeros(1 << len(Gate), np.int64)
    for bits, count in meta["gate_counts"]:
        counts[bits] = count
    return ScanResult(
        day=day,
        session=session(day),
        params=params,
        letters=tuple(meta["letters"]),
        gate_counts=counts,
        quality=meta["quality"],
        timings={"scan_secs": time.perf_counter() - started},
        **tables,
    )
