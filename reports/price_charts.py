"""The buckets around each trade, packed small enough for hundreds of trades."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.domain.session import NANOS_PER_SECOND
from reports.columns import floats, integers, new_york_ms, strings
from reports.view import RunView

LEAD_SECS = 600
TAIL_SECS = 300

_BARS_PER_REPORT = 240_000
_MOST_BARS, _FEWEST_BARS = 720, 60
_PRICE_STEPS = 10_000
_WAVE_STEPS = 2_000


def price_charts(view: RunView) -> list[dict[str, Any] | None]:
    """Return one packed chart for each trade, in table order; None where it has no buckets.

    A chart holds integer columns for the page's script to unfold:

    - ``t0`` (New York wall-clock ms) and ``t`` (seconds after it) of each bar's end, ``width`` in
      seconds;
    - ``p0`` and ``hi, lo, last`` above it, in 1e-4 USD; ``hi`` and ``lo`` None in a carried bucket;
    - ``vol`` in shares; ``ao`` and ``ac`` in units of ``wave`` USD, None before they are warm.

    A long trade's buckets are merged into fewer, wider bars, and all the more so the more trades
    there are, so that the page stays of a size that opens at once.
    """
    trades = view.trades
    if not trades.num_rows:
        return []
    bars = int(np.clip(_BARS_PER_REPORT // trades.num_rows, _FEWEST_BARS, _MOST_BARS))
    series = _Series(view.buckets)
    entries = integers(trades, "entry_ts")
    lead, tail = LEAD_SECS * NANOS_PER_SECOND, TAIL_SECS * NANOS_PER_SECOND
    starts = entries - lead
    ends = np.maximum(integers(trades, "exit_ts"), entries) + tail
    return [
        series.chart(symbol, start, end, bars)
        for symbol, start, end in zip(
            strings(trades, "symbol"), starts.tolist(), ends.tolist(), strict=True
        )
    ]


class _Series:
    """All buckets, sorted by symbol and time, with the rows of each symbol known."""

    def __init__(self, buckets: pa.Table) -> None:
        symbols = np.array(strings(buckets, "symbol"), dtype=object)
        self._names, codes = np.unique(symbols.astype(str), return_inverse=True)
        ts = integers(buckets, "ts")
        order = np.lexsort((ts, codes))
        self._ts = ts[order]
        self._bounds = np.searchsorted(codes[order], np.arange(len(self._names) + 1))
        self._columns = {
            name: floats(buckets, name)[order]
            for name in ("high", "low", "last", "volume", "ao", "ac")
        }

    def chart(self, symbol: str, start: int, end: int, bars: int) -> dict[str, Any] | None:
        where = int(np.searchsorted(self._names, symbol))
        if where == len(self._names) or self._names[where] != symbol:
            return None
        first, last = self._bounds[where], self._bounds[where + 1]
        rows = slice(
            first + int(np.searchsorted(self._ts[first:last], start)),
            first + int(np.searchsorted(self._ts[first:last], end, side="right")),
        )
        if rows.start == rows.stop:
            return None
        return _packed(self._ts[rows], {k: v[rows] for k, v in self._columns.items()}, bars)


def _packed(
    ts: NDArray[np.int64], columns: dict[str, NDArray[np.float64]], bars: int
) -> dict[str, Any]:
    merge = -(-len(ts) // bars)
    starts = np.arange(0, len(ts), merge)
    ends = np.append(starts[1:], len(ts)) - 1
    traded = (columns["low"] > 0) & (columns["high"] > 0)
    high = np.maximum.reduceat(np.where(traded, columns["high"], -np.inf), starts)
    low = np.minimum.reduceat(np.where(traded, columns["low"], np.inf), starts)
    last = columns["last"][ends]
    volume = np.add.reduceat(np.nan_to_num(columns["volume"]), starts)
    waves = {name: columns[name][ends] for name in ("ao", "ac")}
    ms = new_york_ms(ts[ends])
    floor = np.fmin(np.where(np.isfinite(low), low, np.nan), last)
    base = round(float(np.nanmin(floor)) * _PRICE_STEPS) if np.isfinite(floor).any() else 0
    reach = max((np.abs(w[np.isfinite(w)]).max(initial=0.0) for w in waves.values()), default=0.0)
    unit = float(f"{reach / _WAVE_STEPS:.4g}") or 1.0
    return {
        "t0": int(ms[0]),
        "t": ((ms - ms[0]) // 1_000).tolist(),
        "width": _bucket_secs(ts) * merge,
        "p0": base,
        "hi": _whole(high * _PRICE_STEPS - base),
        "lo": _whole(low * _PRICE_STEPS - base),
        "last": _whole(last * _PRICE_STEPS - base),
        "vol": [int(each) if each.is_integer() else each for each in np.round(volume, 6).tolist()],
        "wave": unit,
        **{name: _whole(wave / unit) for name, wave in waves.items()},
    }


def _bucket_secs(ts: NDArray[np.int64]) -> float:
    return float(np.median(np.diff(ts))) / NANOS_PER_SECOND if len(ts) > 1 else 5.0


def _whole(values: NDArray[np.float64]) -> list[int | None]:
    return [round(v) if np.isfinite(v) else None for v in values.tolist()]
