"""Recorded rows as the REST API spells them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.domain.fixed_point import PRICE_SCALE, json_shares
from engine.domain.market_data.quotes import QuoteBatch
from simulator.market_data.history.bars import Bars
from simulator.market_data.history.recorded import Prints
from simulator.market_data.history.row_facts import codes, exchange, told_tape
from simulator.market_data.requests.clock_times import stamps

type Row = dict[str, Any]

_QUOTE_CONDITIONS = ["R"]
_SHARES_SINCE_NS = 1_762_146_000_000_000_000
_ROUND_LOT = 100
"""Quote sizes are shares since 2025-11-03 (New York), round lots before."""


def trade_rows(prints: Prints, rows: NDArray[np.int64], tape: str, now: int) -> list[Row]:
    """Return prints as the API spells them; ``u`` says what had become of one by ``now``."""
    batch = prints.batch
    venue, letter = exchange(tape), told_tape(tape)
    listed = [codes(conditions) for conditions in batch.conditions]
    gone = prints.ended_at[rows] <= now
    found: list[Row] = [
        {"c": listed[c], "i": i, "p": p, "s": s, "t": t, "x": venue, "z": letter}
        for c, i, p, s, t in zip(
            batch.condition_id[rows].tolist(),
            prints.trade_id[rows].tolist(),
            (batch.price[rows] / PRICE_SCALE).tolist(),
            map(json_shares, batch.size[rows].tolist()),
            stamps(batch.ts_event[rows]),
            strict=True,
        )
    ]
    for at in np.flatnonzero(prints.corrects[rows]).tolist():
        found[at]["u"] = "corrected"
    for at in np.flatnonzero(gone).tolist():
        found[at]["u"] = "incorrect" if prints.corrected[rows[at]] else "canceled"
    return found


def quote_rows(quotes: QuoteBatch, rows: NDArray[np.int64], tapes: Sequence[str]) -> list[Row]:
    """Return quotes as the API spells them, given the tape letter of each."""
    ts = quotes.ts_event[rows]
    in_lots = ts < _SHARES_SINCE_NS
    sizes = [
        np.where(in_lots, np.maximum(size[rows] // _ROUND_LOT, size[rows] > 0), size[rows])
        for size in (quotes.bid_size, quotes.ask_size)
    ]
    return [
        {
            "ap": ap,
            "as": asz,
            "ax": exchange(tape),
            "bp": bp,
            "bs": bsz,
            "bx": exchange(tape),
            "c": _QUOTE_CONDITIONS,
            "t": t,
            "z": told_tape(tape),
        }
        for ap, asz, bp, bsz, t, tape in zip(
            (quotes.ask[rows] / PRICE_SCALE).tolist(),
            sizes[1].tolist(),
            (quotes.bid[rows] / PRICE_SCALE).tolist(),
            sizes[0].tolist(),
            stamps(ts),
            tapes,
            strict=True,
        )
    ]


def bar_rows(bars: Bars, rows: NDArray[np.int64]) -> list[Row]:
    """Return bars as the API spells them."""
    return [
        {"c": c, "h": h, "l": low, "n": n, "o": o, "t": t, "v": v, "vw": round(vw, 6)}
        for c, h, low, n, o, t, v, vw in zip(
            (bars.close[rows] / PRICE_SCALE).tolist(),
            (bars.high[rows] / PRICE_SCALE).tolist(),
            (bars.low[rows] / PRICE_SCALE).tolist(),
            bars.trade_count[rows].tolist(),
            (bars.open[rows] / PRICE_SCALE).tolist(),
            stamps(bars.ts[rows]),
            map(json_shares, bars.volume[rows].tolist()),
            bars.vwap[rows].tolist(),
            strict=True,
        )
    ]
