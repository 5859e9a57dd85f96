"""Everything the page's script draws, as one JSON object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.domain.account import ACCELERATION
from engine.domain.candidate import Gate
from engine.domain.session import day_of
from reports import attribution
from reports.columns import flags, floats, integers, new_york_ms, strings
from reports.episodes import episodes
from reports.noise import NoiseFloor
from reports.price_charts import price_charts
from reports.view import RunView

MOST_POINTS = 4_000
MOST_EPISODES = 3_000
_MS_PER_DAY = 86_400_000
_TRADE_NUMBERS = (
    "quantity",
    "avg_px_open",
    "avg_px_close",
    "take_profit",
    "stop_loss",
    "reference_price",
    "realized_pnl",
    "commission",
    "score",
    "confidence",
    "mae_pct",
    "mfe_pct",
    "hold_secs",
    "slippage_bps",
)


def encode_payload(view: RunView, noise: NoiseFloor | None) -> str:
    """Return the page's data as JSON that is safe inside a script element.

    NaN and infinities become null, and no ``<`` is left, so no value can end the element. Times
    are New York wall-clock milliseconds, ``clock`` those since midnight.
    """
    closed = attribution.closed(view.trades)
    equity_ts = integers(view.equity, "ts").tolist()
    payload = {
        "equity": _equity(view),
        "days": attribution.by_day(closed, sorted({day_of(int(ts)) for ts in equity_ts})),
        "half_hours": attribution.by_half_hour(closed),
        "symbols": attribution.by_symbol(closed),
        "timeline": _timeline(view),
        "breadth": _breadth(view),
        "noise": noise,
        "trades": _trades(view),
        "gates": [gate.name.lower() for gate in Gate],
    }
    return msgspec.json.encode(payload, enc_hook=_plain).decode().replace("<", "\\u003c")


def _plain(value: object) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise NotImplementedError(f"expected a value that JSON can hold, found {type(value)}")


def _equity(view: RunView) -> dict[str, Any]:
    equity = floats(view.equity, "equity")
    known = np.isfinite(equity)
    equity = equity[known]
    peak = np.maximum.accumulate(equity)
    rows = _extremes(equity)
    start = view.manifest.get("starting_balance")
    return {
        "t": new_york_ms(integers(view.equity, "ts")[known][rows]),
        "equity": np.round(equity[rows], 2),
        "drawdown_pct": np.round(100 * (equity / np.where(peak > 0, peak, np.nan) - 1)[rows], 4),
        "start": None if start is None else float(start),
    }


def _extremes(series: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the rows to draw: all, or the lowest, highest and last of equal pieces."""
    rows = np.arange(len(series))
    if len(series) <= MOST_POINTS:
        return rows
    pieces = np.array_split(rows, MOST_POINTS // 3)
    kept = [(p[series[p].argmin()], p[series[p].argmax()], p[-1]) for p in pieces]
    return np.unique(np.append(np.array(kept), 0))


def _timeline(view: RunView) -> dict[str, Any]:
    lives = episodes(view)
    shown = sorted(lives, key=attrgetter("peak"), reverse=True)[:MOST_EPISODES]
    raised = new_york_ms(np.array([life.raised_ts for life in shown], dtype=np.int64))
    ended = new_york_ms(np.array([life.ended_ts for life in shown], dtype=np.int64))
    return {
        "total": len(lives),
        "t": raised,
        "clock": raised % _MS_PER_DAY,
        "secs": (ended - raised) // 1_000,
        "symbol": [life.symbol for life in shown],
        "side": [life.side for life in shown],
        "peak": [round(life.peak, 3) for life in shown],
        "fate": [life.fate for life in shown],
        "why": [life.refusal or life.fade_reason or "" for life in shown],
    }


def _breadth(view: RunView) -> dict[str, Any]:
    clock = new_york_ms(integers(view.breadth, "ts")) % _MS_PER_DAY
    live = floats(view.breadth, "live")
    tilt = floats(view.breadth, "rising") - floats(view.breadth, "falling")
    with np.errstate(divide="ignore", invalid="ignore"):
        tilt = np.where(live > 0, tilt / live, np.nan)
    known = np.isfinite(tilt)
    minutes, where = np.unique(clock[known] // 60_000, return_inverse=True)
    counts = np.bincount(where, minlength=len(minutes))
    mean = np.bincount(where, weights=tilt[known], minlength=len(minutes)) / np.maximum(counts, 1)
    return {"clock": minutes * 60_000, "tilt": np.round(mean, 4)}


def _trades(view: RunView) -> dict[str, Any]:
    trades = view.trades
    symbols, candidate_ts = strings(trades, "symbol"), integers(trades, "candidate_ts").tolist()
    owners = strings(trades, "strategy_id")
    keys = list(zip(owners, symbols, candidate_ts, strict=True))
    checks, gates, fills = _checks(view, set(keys)), _gate_bits(view, set(keys)), _fills(view)
    features = _features(view, set(keys))
    ids, exit_ts = strings(trades, "trade_id"), integers(trades, "exit_ts")
    return {
        "id": ids,
        "strategy": owners,
        "symbol": symbols,
        "side": integers(trades, "side"),
        "exit_reason": strings(trades, "exit_reason"),
        "entry": new_york_ms(integers(trades, "entry_ts")),
        "exit": np.where(np.isnan(floats(trades, "exit_ts")), np.nan, new_york_ms(exit_ts)),
        "candidate": new_york_ms(integers(trades, "candidate_ts")),
        **{name: np.round(floats(trades, name), 4) for name in _TRADE_NUMBERS},
        "checks": [checks.get(key, []) for key in keys],
        "passed": [gates.get(key) for key in keys],
        "features": [features.get(key) for key in keys],
        "fills": [fills.get(trade_id, []) for trade_id in ids],
        "chart": price_charts(view),
    }


type _Key = tuple[str | None, str | None, int]
"""Strategy, symbol and end of the bucket."""


def _checks(view: RunView, wanted: set[_Key]) -> dict[_Key, Any]:
    approved = view.verdicts.filter(pa.array(flags(view.verdicts, "approved")))
    return _picked(_keys(approved), approved.column("checks").to_pylist(), wanted)


def _gate_bits(view: RunView, wanted: set[_Key]) -> dict[_Key, int]:
    rows = view.candidates
    keys = zip(strings(rows, "symbol"), integers(rows, "ts_event").tolist(), strict=True)
    own = ((ACCELERATION, symbol, ts) for symbol, ts in keys)
    return _picked(own, integers(rows, "gates").tolist(), wanted)


def _features(view: RunView, wanted: set[_Key]) -> dict[_Key, Any]:
    return _picked(_keys(view.signals), view.signals.column("features").to_pylist(), wanted)


def _keys(table: pa.Table) -> Iterable[_Key]:
    times = integers(table, "ts_event").tolist()
    return zip(strings(table, "strategy_id"), strings(table, "symbol"), times, strict=True)


def _picked[Value](
    keys: Iterable[_Key], values: Iterable[Value], wanted: set[_Key]
) -> dict[_Key, Value]:
    return {key: value for key, value in zip(keys, values, strict=True) if key in wanted}


def _fills(view: RunView) -> dict[str, list[dict[str, Any]]]:
    fills: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for trade_id, t, role, quantity, px in zip(
        strings(view.fills, "trade_id"),
        new_york_ms(integers(view.fills, "ts_event")).tolist(),
        strings(view.fills, "role"),
        integers(view.fills, "last_qty").tolist(),
        floats(view.fills, "last_px").tolist(),
        strict=True,
    ):
        fills[trade_id].append({"t": t, "role": role, "quantity": quantity, "px": px})
    return fills
