"""Hop 6: books → Arrow tables, the shape in which they are stored and reported."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pyarrow as pa

from engine.accounting import EquityPoint, Fill, Trade

USD = pa.decimal128(24, 6)
"""Exact money and prices; fills are in 1e-6 USD times whole shares, so nothing is rounded."""

TRADES = pa.schema(
    [
        pa.field("trade_id", pa.string(), nullable=False),
        pa.field("symbol", pa.string(), nullable=False),
        pa.field("side", pa.int8(), nullable=False),
        pa.field("quantity", pa.int64(), nullable=False),
        pa.field("open_quantity", pa.int64(), nullable=False),
        pa.field("entry_ts", pa.int64(), nullable=False),
        pa.field("exit_ts", pa.int64()),
        pa.field("hold_secs", pa.float64()),
        pa.field("avg_px_open", USD, nullable=False),
        pa.field("avg_px_close", USD),
        pa.field("realized_pnl", USD),
        pa.field("commission", USD, nullable=False),
        pa.field("exit_reason", pa.string()),
        pa.field("candidate_ts", pa.int64()),
        pa.field("ac_z", pa.float64()),
        pa.field("confidence", pa.float64()),
        pa.field("reference_price", USD),
        pa.field("take_profit", USD),
        pa.field("stop_loss", USD),
        pa.field("slippage_bps", pa.float64()),
        pa.field("mae_pct", pa.float64()),
        pa.field("mfe_pct", pa.float64()),
    ]
)
"""One row per ``Trade``, with its fields; ``side`` is 1 for long, -1 for short."""

FILLS = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("ts_event", pa.int64(), nullable=False),
        pa.field("ts_init", pa.int64(), nullable=False),
        pa.field("trade_id", pa.string(), nullable=False),
        pa.field("symbol", pa.string(), nullable=False),
        pa.field("role", pa.string(), nullable=False),
        pa.field("order_side", pa.string(), nullable=False),
        pa.field("last_qty", pa.int64(), nullable=False),
        pa.field("last_px", USD, nullable=False),
        pa.field("commission", USD, nullable=False),
        pa.field("liquidity_side", pa.string(), nullable=False),
        pa.field("client_order_id", pa.string(), nullable=False),
        pa.field("venue_trade_id", pa.string(), nullable=False),
    ]
)
"""One row per ``OrderFilled``, in order of ``seq``."""

EQUITY = pa.schema(
    [
        pa.field("ts", pa.int64(), nullable=False),
        pa.field("cash", USD, nullable=False),
        pa.field("equity", USD, nullable=False),
        pa.field("exposure", pa.float64(), nullable=False),
    ]
)
"""One row per ``EquityPoint``, in order of time."""


def trades_table(trades: Iterable[Trade]) -> pa.Table:
    """Return trades as a table of schema ``TRADES``."""
    return pa.Table.from_pylist([msgspec.structs.asdict(trade) for trade in trades], TRADES)


def fills_table(fills: Iterable[Fill]) -> pa.Table:
    """Return fills as a table of schema ``FILLS``."""
    rows = [
        {"seq": fill.seq, "ts_event": fill.ts_event, "ts_init": fill.ts_init}
        | msgspec.structs.asdict(fill.order)
        for fill in fills
    ]
    return pa.Table.from_pylist(rows, FILLS)


def equity_table(points: Iterable[EquityPoint]) -> pa.Table:
    """Return equity points as a table of schema ``EQUITY``."""
    return pa.Table.from_pylist([msgspec.structs.asdict(point) for point in points], EQUITY)
