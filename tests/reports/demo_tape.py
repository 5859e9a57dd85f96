"""Seeded rows that look like a trading day: candidates, trades, buckets, breadth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.domain.candidate import ALL_GATES, Gate
from engine.domain.session import NANOS_PER_SECOND, Session

BUCKET_NS = 5 * NANOS_PER_SECOND
LIVE_SYMBOLS = 8_112
LEAD, TAIL = 130, 70
_FILTERS = ("market_gravity", "futures_trend", "spread_liquidity", "vwap_alignment")
_BASES = {"spread_liquidity": "quoted", "futures_trend": "proxy"}

type Rows = list[dict[str, Any]]


def floating(schema: pa.Schema) -> pa.Schema:
    """Return a schema with USD as floats."""
    return pa.schema(
        [(f.name, pa.float64() if pa.types.is_decimal(f.type) else f.type) for f in schema]
    )


def typed(rows: Rows, schema: pa.Schema) -> pa.Table:
    """Return rows as a table of the schema, USD as floats."""
    return pa.Table.from_pylist(rows, floating(schema))


@dataclass
class DemoTape:
    """Rows of a run by table, filled day by day; ``balance`` in USD goes from day to day."""

    rng: np.random.Generator
    symbols: tuple[str, ...]
    balance: float = 100_000.0
    rows: dict[str, Rows] = field(default_factory=lambda: defaultdict(list))

    def add_day(self, day: Session, trades: int) -> None:
        """Add one day with breadth, sixty candidates that do not trade, and some that do."""
        n = (day.close_ns - day.open_ns) // BUCKET_NS
        ends = day.open_ns + BUCKET_NS * np.arange(1, n + 1)
        self._breadth(ends)
        for z in self.rng.standard_t(3.5, 2_400).tolist():
            near = {"ts_event": int(self.rng.choice(ends)), "symbol": "X", "side": 1}
            self.rows["near"].append({**near, "ac_z": abs(z) - 0.3})
        self._mark(day.open_ns, self.balance)
        for _ in range(60):
            self._candidate(ends, int(self.rng.integers(60, n - 60)), self._symbol(), traded=False)
        slot = (n - 500) // max(trades, 1)
        for number in range(trades):
            start = 200 + number * slot + int(self.rng.integers(0, max(slot - 40, 1)))
            self._trade(ends, start, int(self.rng.integers(12, max(13, min(360, slot // 2)))))
        self._mark(day.close_ns, self.balance)
        self.rows["candidates"].sort(key=lambda row: row["ts_event"])

    def _symbol(self) -> str:
        return str(self.rng.choice(self.symbols))

    def _mark(self, ts: int, equity: float) -> None:
        self.rows["equity"].append({"ts": ts, "equity": equity})

    def _breadth(self, ends: NDArray[np.int64]) -> None:
        leans = np.tanh(np.cumsum(self.rng.normal(0, 0.004, len(ends))))
        for ts, lean in zip(ends[::4].tolist(), leans[::4].tolist(), strict=True):
            rising, falling = int(LIVE_SYMBOLS * (1 + lean) / 2), int(LIVE_SYMBOLS * (1 - lean) / 2)
            row = {"ts": ts, "live": LIVE_SYMBOLS, "rising": rising, "falling": falling}
            self.rows["breadth"].append(row)

    def _candidate(
        self, ends: NDArray[np.int64], begin: int, symbol: str, *, traded: bool
    ) -> float:
        life = int(self.rng.integers(3, 40))
        peak = float(4 + self.rng.exponential(1.6))
        for step in range(life + 1):
            phase = "raised" if step == 0 else "faded" if step == life else "updated"
            row = {
                "ts_event": int(ends[begin + step]),
                "symbol": symbol,
                "side": 1,
                "phase": phase,
                "fade_reason": "flat_lined" if phase == "faded" else None,
                "qualified": step < 2,
                "ao": 0.04 * (step + 1),
                "ac": 0.02 * (life - step),
                "ac_z": peak * (1 - step / (life + 1)),
                "sigma_bps": 4.1,
                "last": 20.0 + step / 100,
                "volume": 4_000 + 100 * step,
                "gates": ALL_GATES if step < 2 else ALL_GATES & ~(1 << Gate.AC_Z),
            }
            self.rows["candidates"].append(row)
        refusals = ("low_confidence", "slot_taken", "symbol_cooldown")
        verdict = {
            "ts_event": int(ends[begin]),
            "strategy_id": "acceleration",
            "symbol": symbol,
            "side": 1,
            "score": peak,
            "approved": traded,
            "reason": None if traded else str(self.rng.choice(refusals)),
            "detail": None,
            "confidence": 1.0 if traded else 0.66,
            "checks": self._checks(passes=traded),
        }
        self.rows["verdicts"].append(verdict)
        return peak

    def _checks(self, *, passes: bool) -> Rows:
        failing = "" if passes else str(self.rng.choice((_FILTERS[0], *_FILTERS[2:])))
        rows: Rows = []
        for name in _FILTERS:
            outcome = "off" if name == "futures_trend" else "pass"
            if name == failing:
                outcome = str(self.rng.choice(("fail", "unknown")))
            value = float(self.rng.normal(0.3, 0.2)) if outcome in ("pass", "fail") else None
            basis = _BASES.get(name, "tape")
            rows.append(
                {
                    "name": name,
                    "outcome": outcome,
                    "value": value,
                    "threshold": 0.0,
                    "basis": basis,
                }
            )
        return rows

    def _trade(self, ends: NDArray[np.int64], start: int, hold: int) -> None:
        symbol, price = self._symbol(), float(self.rng.uniform(6, 140))
        reasons = ("take_profit", "time_stop", "stop_loss", "stop_loss", "time_stop")
        reason = str(self.rng.choice(reasons))
        drift = {"take_profit": 3.0, "stop_loss": -1.5}.get(reason, self.rng.normal(0.4, 0.7))
        first, last = start - LEAD, start + hold + TAIL
        middle = price * (1 + self._path(hold, float(drift)) / 100)
        self._buckets(symbol, ends[first:last], middle)
        ac_z = self._candidate(ends, start, symbol, traded=True)

        entry, quantity = round(float(middle[LEAD]) * 1.0003, 2), int(5_000 / price)
        target, stop = round(entry * 1.03, 2), round(entry * 0.985, 2)
        levels = {"take_profit": target, "stop_loss": stop}
        leave = levels.get(reason, round(float(middle[LEAD + hold]), 2))
        entry_ts = int(ends[start]) + 310_000_000
        exit_ts = int(ends[start + hold]) - 1_200_000_000
        gain = 100 * (leave / entry - 1)
        trade_id = f"{len(self.rows['trades']):04d}-{symbol}"
        for step in range(0, hold, 3):
            open_pnl = quantity * float(middle[LEAD + step] - entry)
            self._mark(int(ends[start + step]) + 400_000_000, self.balance + open_pnl)
        self.balance += round((leave - entry) * quantity, 2)
        self._mark(exit_ts, self.balance)
        trade = {
            "trade_id": trade_id,
            "strategy_id": "acceleration",
            "symbol": symbol,
            "side": 1,
            "quantity": quantity,
            "entry_ts": entry_ts,
            "exit_ts": exit_ts,
            "avg_px_open": entry,
            "avg_px_close": leave,
            "take_profit": target,
            "stop_loss": stop,
            "reference_price": round(float(middle[LEAD]), 2),
            "realized_pnl": round((leave - entry) * quantity, 2),
            "commission": 0.0,
            "exit_reason": reason,
            "ac_z": ac_z,
            "confidence": 1.0,
            "candidate_ts": int(ends[start]),
            "mae_pct": min(0.0, gain) - float(self.rng.exponential(0.3)),
            "mfe_pct": max(0.0, gain) + float(self.rng.exponential(0.4)),
            "hold_secs": (exit_ts - entry_ts) / NANOS_PER_SECOND,
            "slippage_bps": float(self.rng.normal(3, 2)),
        }
        self.rows["trades"].append(trade)
        role = reason if reason in levels else "exit"
        half = quantity // 2
        fills = (
            ("entry", entry_ts, half, entry),
            ("entry", entry_ts + 40_000_000, quantity - half, entry),
            (role, exit_ts, quantity, leave),
        )
        for role, ts, shares, px in fills:
            fill = {"ts_event": ts, "trade_id": trade_id, "symbol": symbol, "role": role}
            fill |= {"order_side": "BUY" if role == "entry" else "SELL"}
            self.rows["fills"].append({**fill, "last_qty": shares, "last_px": px, "commission": 0})

    def _path(self, hold: int, drift: float) -> NDArray[np.float64]:
        """Return a price's way in percent: quiet, accelerating, in the trade, after it."""
        path = np.zeros(LEAD + hold + TAIL)
        run_up = np.linspace(0, 0.6, 30) ** 2
        path[LEAD - 30 : LEAD] = run_up
        path[LEAD : LEAD + hold] = run_up[-1] + drift * np.linspace(0, 1, hold) ** 0.8
        path[LEAD + hold :] = run_up[-1] + drift
        return path + np.cumsum(self.rng.normal(0, 0.03, len(path)))

    def _buckets(self, symbol: str, ends: NDArray[np.int64], middle: NDArray[np.float64]) -> None:
        n = len(middle)
        half = middle * np.abs(self.rng.normal(0.04, 0.02, n)) / 100
        surge = 1 + 6 * np.exp(-(((np.arange(n) - LEAD) / 15) ** 2))
        volume = (self.rng.lognormal(7.4, 0.8, n) * surge).astype(np.int64)
        carried = self.rng.random(n) < 0.06
        ao = _mean(middle, 5) - _mean(middle, 34)
        ac = ao - _mean(ao, 5)
        for i, ts in enumerate(ends.tolist()):
            row = {
                "symbol": symbol,
                "ts": ts,
                "high": 0.0 if carried[i] else round(float(middle[i] + half[i]), 2),
                "low": 0.0 if carried[i] else round(float(middle[i] - half[i]), 2),
                "last": round(float(middle[i]), 2),
                "volume": 0 if carried[i] else int(volume[i]),
                "ao": float(ao[i]),
                "ac": float(ac[i]),
            }
            self.rows["buckets"].append(row)


def _mean(series: NDArray[np.float64], periods: int) -> NDArray[np.float64]:
    mean = np.full(len(series), np.nan)
    mean[periods - 1 :] = np.lib.stride_tricks.sliding_window_view(series, periods).mean(axis=1)
    return mean
