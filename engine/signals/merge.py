"""What the scanners of several letters found, as one result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa

from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.recorded import MarketData
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import Stretch
from engine.signals import kernel
from engine.signals.columns import ColumnScanner, Output, data_quality
from engine.signals.result import ScanResult
from engine.signals.state import BUCKET_ROW
from engine.signals.tables import (
    QUOTE_MEMORY_NS,
    breadth_table,
    buckets_table,
    rows_table,
    values,
    with_quotes,
)
from engine.signals.whole_tape.signal_runner import SignalBlock


def merge(
    market: MarketData,
    day: date,
    params: Parameters,
    scanners: Sequence[ColumnScanner],
    outputs: Sequence[Sequence[Output]],
    *,
    letters: Sequence[str],
    changes: Sequence[Stretch] = (),
    said: SignalBlock | None = None,
) -> ScanResult:
    """Return what scanners of different symbols found on the same buckets.

    Parameters
    ----------
    outputs : sequence of sequence of Output
        By scanner, and by set of parameters in force; symbol ids are rewritten in place.
    said : SignalBlock, optional
        What other strategies than the compiled one said, its windows by scanner.
    """
    p = scanners[0].settings
    told = slice(outputs[0][0].start, outputs[0][-1].end)
    symbols: list[str] = []
    windows = said.windows if said is not None and said.windows else _NO_WINDOW * len(scanners)
    for scanner, own, window in zip(scanners, outputs, windows, strict=True):
        for output in own:
            output.rows["symbol_id"] += len(symbols)
            output.bucket_rows["symbol_id"] += len(symbols)
        window["symbol_id"] += len(symbols)
        symbols.extend(scanner.symbols)
    events: list[pa.Table] = []
    near_misses: list[pa.Table] = []
    for of_letters in zip(*outputs, strict=True):
        rows = np.concatenate([output.rows for output in of_letters])
        is_near_miss = rows["phase"] == kernel.NEAR_MISS
        events.append(rows_table(rows[~is_near_miss], symbols, of_letters[0].settings))
        near_misses.append(rows_table(rows[is_near_miss], symbols, of_letters[0].settings))
    of_candidates = [output.bucket_rows for own in outputs for output in own]
    bucket_rows = np.concatenate([*of_candidates, *windows])
    readings = np.stack([scanner.state.index_readings[told] for scanner in scanners])
    known = np.nanmax(readings, axis=0, initial=-np.inf)
    quality = Counter[str]()
    for scanner in scanners:
        quality.update(data_quality(scanner.state))
    quality["symbols"] = len(symbols)
    return ScanResult(
        day=day,
        session=scanners[0].session,
        params=params,
        letters=tuple(letters),
        candidates=_quoted(market, day, pa.concat_tables(events)),
        near_misses=pa.concat_tables(near_misses),
        buckets=buckets_table(bucket_rows, symbols, p),
        breadth=breadth_table(
            np.sum([scanner.state.breadth[told] for scanner in scanners], axis=0, dtype=np.int32),
            np.where(np.isneginf(known), np.nan, known),
            params,
            p,
            first=told.start,
        ),
        gate_counts=np.sum([scanner.state.gate_counts for scanner in scanners], axis=0),
        quality=dict(quality),
        changes=tuple(changes),
        signals=None if said is None else _quoted(market, day, said.candidates),
        failures=() if said is None else said.failures,
    )


def _quoted(market: MarketData, day: date, events: pa.Table) -> pa.Table:
    """Show each qualified candidate its last quote, looking only where there is one to show."""
    if not market.has_quotes(day):
        return with_quotes(events, _NO_QUOTES)
    closes = events.column("ts_init").to_numpy()
    qualified = events.column("qualified").to_numpy()
    minutes = closes // QUOTE_MEMORY_NS
    changes = np.flatnonzero(np.diff(minutes)) + 1
    cuts = [0, *(int(change) for change in changes), len(events)]
    pieces: list[pa.Table] = []
    for start, end in pairwise(cuts):
        piece = events.slice(start, end - start)
        wanted = set(values(piece.filter(pa.array(qualified[start:end])), "symbol"))
        quotes = _NO_QUOTES
        if wanted:
            first, last = int(closes[start]) - QUOTE_MEMORY_NS, int(closes[end - 1])
            quotes = market.quotes(day, sorted(wanted), first, last)
        pieces.append(with_quotes(piece, quotes))
    return pa.concat_tables(pieces)


_NO_WINDOW = (np.empty(0, BUCKET_ROW),)
_NOTHING = np.empty(0, np.int64)
_NO_QUOTES = QuoteBatch(
    np.empty(0, np.int32), (), _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING
)
