"""A scan's candidates, ranked, for the terminal."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from rich.text import Text

from engine.domain.counted import counted
from engine.domain.session import NANOS_PER_SECOND
from reports import wording
from reports.columns import floats, integers, strings
from reports.episodes import Episode, lives
from reports.fitted_table import FittedTable, fitted_rows
from reports.sparkline import sparkline

SPARK_WIDTH, NARROW_SPARK_WIDTH = 36, 14
_WIDE = 118
"""Columns of a terminal that has room for all of a sparkline."""
_HEADINGS = (
    "#", "raised", "symbol", "side", "ac_z", "lived", "last", "volume", "× mean", "ao, 3 min",
    "faded",
)  # fmt: skip


def candidates_table(
    candidates: pa.Table, buckets: pa.Table, *, top: int = 20, width: int = _WIDE
) -> FittedTable:
    """Return the candidates of a scan as a table for the terminal, the highest peak ``ac_z`` first.

    Parameters
    ----------
    candidates : table
        ``ScanResult.candidates``; read are the columns of ``reports.view.CANDIDATES`` and, where
        there, ``volume_mean``.
    buckets : table
        ``ScanResult.buckets``: the ao sparkline is drawn from the last ones up to the raising.
    width : int
        Columns of the terminal; in a narrow one the sparkline is half as long.
    """
    ranked = sorted(lives(candidates), key=lambda life: -life.peak)
    shown = ranked[:top]
    title = counted(len(ranked), "candidate") + (
        f", the first {len(shown)}" if len(shown) < len(ranked) else ""
    )
    rows = _first_rows(candidates, shown)
    waves = _Waves(buckets, SPARK_WIDTH if width >= _WIDE else NARROW_SPARK_WIDTH)
    return fitted_rows(
        _HEADINGS,
        (
            (str(rank), *_cells(life, rows), waves.until(life), Text(_ending(life), style="dim"))
            for rank, life in enumerate(shown, 1)
        ),
        numbers=("#", "raised", "ac_z", "lived", "last", "volume", "× mean"),
        wrapped={"faded": 8},
        spare=("volume", "× mean", "#", "ao, 3 min", "side"),
        title=title,
    )


def _cells(life: Episode, rows: dict[tuple[str, int], dict[str, float]]) -> list[str | Text]:
    row = rows.get((life.symbol, life.raised_ts), {})
    volume, mean = row.get("volume"), row.get("volume_mean")
    surge = volume / mean if volume is not None and mean else None
    return [
        wording.clock(life.raised_ts),
        Text(life.symbol, style="bold"),
        Text("long", style="green") if life.side > 0 else Text("short", style="red"),
        wording.number(life.peak),
        wording.duration((life.ended_ts - life.raised_ts) / NANOS_PER_SECOND),
        wording.price(row.get("last")),
        wording.count(volume),
        wording.number(surge, 1),
    ]


def _ending(life: Episode) -> str:
    return wording.words(life.fade_reason) if life.fade_reason else "alive"


def _first_rows(
    candidates: pa.Table, shown: list[Episode]
) -> dict[tuple[str, int], dict[str, float]]:
    names = [n for n in ("last", "volume", "volume_mean") if n in candidates.column_names]
    values = {name: floats(candidates, name) for name in names}
    wanted = {(life.symbol, life.raised_ts) for life in shown}
    keys = zip(
        strings(candidates, "symbol"), integers(candidates, "ts_event").tolist(), strict=True
    )
    return {
        key: {name: float(values[name][row]) for name in names}
        for row, key in enumerate(keys)
        if key in wanted
    }


class _Waves:
    """The ao of each symbol by time."""

    def __init__(self, buckets: pa.Table, width: int) -> None:
        self._width = width
        names = np.array(strings(buckets, "symbol"), dtype=str)
        ts = integers(buckets, "ts")
        order = np.lexsort((ts, names))
        self._names, self._ts = names[order], ts[order]
        self._ao = floats(buckets, "ao")[order]

    def until(self, life: Episode) -> Text:
        """Return the ao of the buckets up to a candidate's raising; empty where there are none."""
        first = int(np.searchsorted(self._names, life.symbol))
        last = int(np.searchsorted(self._names, life.symbol, side="right"))
        end = first + int(np.searchsorted(self._ts[first:last], life.raised_ts, side="right"))
        if end == first or self._ts[end - 1] != life.raised_ts:
            return Text()
        line = sparkline(self._ao[max(first, end - SPARK_WIDTH) : end], self._width)
        return Text(line, style="green" if life.side > 0 else "red")
