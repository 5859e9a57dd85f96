"""A run that never happened but looks like one.

``python -m tests.reports.demo_run FOLDER`` writes its pages for a look in the browser.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import numpy as np

from engine.domain.candidate import ALL_GATES, Gate
from engine.domain.parameters import parameters_from
from engine.domain.session import session, sessions
from reports import funnel, view
from reports.page import write_html
from reports.terminal import render_terminal
from reports.view import Rung, RunView, Timing
from tests.reports.demo_tape import DemoTape, Rows, typed

TICKERS = ("NVXA", "QLRT", "MBEO", "TRVK", "HSPR", "ADYN", "CRLQ", "ZENT", "BOLD", "KEEP", "UVRA")
PRINTS = 60_014_233
PARAMS = parameters_from({"min_ac_z": 3.5, "max_trades_per_day": 50})


def demo_view(
    *, trades: int = 14, days: int = 1, seed: int = 7, symbols: tuple[str, ...] = TICKERS
) -> RunView:
    """Return a run of some trades over some days; its figures belong together."""
    tape = DemoTape(np.random.default_rng(seed), symbols)
    calendar = sessions(date(2026, 9, 18), date(2026, 12, 24))[:days]
    for number, day in enumerate(calendar):
        tape.add_day(session(day), trades // days + (number < trades % days))
    rows = tape.rows
    tables = {name: typed(rows[name], schema) for name, schema in view.SCHEMAS.items()}
    counts = _gate_counts(days)
    metrics = _metrics(rows["trades"])
    stages = funnel.hub_stages(tables["verdicts"], tables["trades"], "all")
    return RunView(
        manifest={
            "run_id": f"{calendar[0]}-4be1c09a",
            "status": "Ended",
            "engine": "pruned",
            "fills": "base",
            "start": calendar[0].isoformat(),
            "end": calendar[-1].isoformat(),
            "letters": "A-Z",
            "starting_balance": "100000.00",
            "params_hash": "4be1c09a77d1e2f0",
            "data_hash": "9d20f1aa0c11b37e5a6e4c02b8f91d3377aa1290fe2b7c6d5e4f3a2b1c0d9e8f",
            "code_hash": "c0ffee11",
            "engine_version": "nautilus_trader 2.0.0rc7",
            "decision_digest": "5f0c2ad4c8a7b9e6d3f1028394a5b6c7d8e9f00112233445566778899aabbccd",
            "fill_digest": "e1d2c3b4a5968778695a4b3c2d1e0f99887766554433221100ffeeddccbbaa99",
        },
        metrics=metrics,
        funnel=[*funnel.scan_stages(counts), *stages],
        gates=funnel.gate_tallies(counts),
        params=PARAMS,
        changes=(),
        ladder=[
            Rung("optimistic", _scaled(metrics, 1.3)),
            Rung("base", metrics),
            Rung("pessimistic", _scaled(metrics, 0.55)),
        ],
        quality={
            "trades": PRINTS * days,
            "late": 41_201 * days,
            "reversals": 1_204 * days,
            "unmatched_reversals": 3 * days,
            "unknown_conditions": 0,
        },
        timings=[
            Timing("scan", 2.61 * days, PRINTS * days),
            Timing("hydrate", 0.38 * days, 214_003 * days),
            Timing("replay", 0.91 * days, 214_003 * days),
            Timing("report", 0.31),
            Timing("total", 4.25 * days, PRINTS * days),
        ],
        peak_memory_bytes=1_240_000_000,
        **tables,  # pyright: ignore[reportArgumentType]  (tables alone)
    )


def _gate_counts(days: int) -> np.ndarray:
    """Return counts by gate bits in which each gate passes its share, independently."""
    shares = (0.98, 0.37, 0.8, 0.48, 0.19, 0.3, 0.06, 0.31, 0.15, 0.51, 0.7, 0.86)
    bits = np.arange(ALL_GATES + 1)
    odds = np.ones(len(bits))
    for gate, share in zip(Gate, shares, strict=True):
        odds *= np.where((bits >> gate) & 1 == 1, share, 1 - share)
    return np.round(odds * 51_480_000 * days).astype(np.int64)


def _scaled(metrics: dict[str, float | None], factor: float) -> dict[str, float | None]:
    money = ("net_pnl", "return_pct", "expectancy", "sharpe", "sortino")
    return {
        name: value if value is None or name not in money else value * factor
        for name, value in metrics.items()
    }


def _metrics(trades: Rows) -> dict[str, float | None]:
    pnl = np.array([row["realized_pnl"] for row in trades])
    if not len(pnl):
        return {"trades": 0, "net_pnl": 0.0, "return_pct": 0.0, "exposure": 0.0}
    won, lost = pnl[pnl > 0], pnl[pnl <= 0]
    curve = np.cumsum(pnl)
    return {
        "trades": len(pnl),
        "net_pnl": float(pnl.sum()),
        "return_pct": float(pnl.sum()) / 1_000,
        "win_rate": len(won) / len(pnl),
        "expectancy": float(pnl.mean()),
        "profit_factor": float(won.sum() / -lost.sum()) if len(lost) else None,
        "sharpe": None,
        "sortino": None,
        "trade_sharpe": float(pnl.mean() / pnl.std(ddof=1)) if len(pnl) > 1 else None,
        "max_drawdown": float((np.maximum.accumulate(curve) - curve).max()),
        "max_drawdown_pct": 0.21,
        "exposure": 0.18,
        "avg_win": float(won.mean()) if len(won) else None,
        "avg_loss": float(lost.mean()) if len(lost) else None,
        "avg_hold_secs": float(np.mean([row["hold_secs"] for row in trades])),
        "mae_pct": float(np.mean([row["mae_pct"] for row in trades])),
        "mfe_pct": float(np.mean([row["mfe_pct"] for row in trades])),
        "commission": 0.0,
    }


if __name__ == "__main__":
    from rich.console import Console

    folder = Path(sys.argv[1])
    for name, trades, days in (("day", 14, 1), ("none", 0, 1), ("months", 400, 60)):
        write_html(demo_view(trades=trades, days=days), folder / f"{name}.html")
    render_terminal(demo_view(), Console())
