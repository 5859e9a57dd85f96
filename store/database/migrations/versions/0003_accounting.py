"""The tables of accounting, and how far each run's facts have been taken into them."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa
from alembic import op

from store.tables.timescale import make_hypertables

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make empty tables; the next look at a run fills them from its facts."""
    connection = op.get_bind()
    # SQLite knows no exact decimals: there these are whole 1e-6 USD.
    usd: sa.types.TypeEngine[int] | sa.types.TypeEngine[Decimal] = sa.Numeric(24, 6)
    if connection.dialect.name == "sqlite":
        usd = sa.Integer()
    op.create_table(
        "orders",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("client_order_id", sa.Text, nullable=False),
        sa.Column("trade_id", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("order_side", sa.Text, nullable=False),
        sa.Column("order_type", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("price", usd),
        sa.Column("trigger_price", usd),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("filled_qty", sa.BigInteger, nullable=False),
        sa.Column("avg_px", usd),
        sa.Column("reason", sa.Text),
        sa.Column("ts_submitted", sa.BigInteger, nullable=False),
        sa.Column("ts_last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "client_order_id", name="pk_orders"),
    )
    op.create_table(
        "fills",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("ts_event", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("ts_init", sa.BigInteger, nullable=False),
        sa.Column("trade_id", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("order_side", sa.Text, nullable=False),
        sa.Column("last_qty", sa.BigInteger, nullable=False),
        sa.Column("last_px", usd, nullable=False),
        sa.Column("commission", usd, nullable=False),
        sa.Column("liquidity_side", sa.Text, nullable=False),
        sa.Column("client_order_id", sa.Text, nullable=False),
        sa.Column("venue_trade_id", sa.Text, nullable=False),
        sa.Column("restated_seq", sa.BigInteger),
        sa.PrimaryKeyConstraint("run_id", "seq", "ts_event", name="pk_fills"),
    )
    op.create_table(
        "positions",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("cost", usd, nullable=False),
        sa.Column("avg_px_open", usd),
        sa.Column("realized_pnl", usd, nullable=False),
        sa.Column("commission", usd, nullable=False),
        sa.Column("ts_last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "symbol", name="pk_positions"),
    )
    op.create_table(
        "trades",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("trade_id", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("side", sa.BigInteger, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("open_quantity", sa.BigInteger, nullable=False),
        sa.Column("entry_ts", sa.BigInteger, nullable=False),
        sa.Column("exit_ts", sa.BigInteger),
        sa.Column("hold_secs", sa.Double),
        sa.Column("avg_px_open", usd, nullable=False),
        sa.Column("avg_px_close", usd),
        sa.Column("realized_pnl", usd),
        sa.Column("commission", usd, nullable=False),
        sa.Column("fees", usd, nullable=False),
        sa.Column("exit_reason", sa.Text),
        sa.Column("candidate_ts", sa.BigInteger),
        sa.Column("ac_z", sa.Double),
        sa.Column("confidence", sa.Double),
        sa.Column("params_version", sa.BigInteger),
        sa.Column("reference_price", usd),
        sa.Column("take_profit", usd),
        sa.Column("stop_loss", usd),
        sa.Column("entry_type", sa.Text),
        sa.Column("entry_limit", usd),
        sa.Column("max_hold_secs", sa.BigInteger),
        sa.Column("trailing_stop_percent", usd),
        sa.Column("slippage_bps", sa.Double),
        sa.Column("mae_pct", sa.Double),
        sa.Column("mfe_pct", sa.Double),
        sa.PrimaryKeyConstraint("run_id", "trade_id", name="pk_trades"),
    )
    op.create_table(
        "lots",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("open_seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("piece", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("trade_id", sa.Text, nullable=False),
        sa.Column("side", sa.BigInteger, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("open_ts", sa.BigInteger, nullable=False),
        sa.Column("open_px", usd, nullable=False),
        sa.Column("close_seq", sa.BigInteger),
        sa.Column("close_ts", sa.BigInteger),
        sa.Column("close_px", usd),
        sa.Column("realized_pnl", usd),
        sa.PrimaryKeyConstraint("run_id", "open_seq", "piece", name="pk_lots"),
    )
    op.create_table(
        "fees",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("fee", sa.Text, nullable=False),
        sa.Column("charged", usd, nullable=False),
        sa.Column("charges", sa.BigInteger, nullable=False),
        sa.Column("expected", usd),
        sa.PrimaryKeyConstraint("run_id", "day", "fee", name="pk_fees"),
    )
    op.create_table(
        "cash_movements",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("ts_event", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("amount", usd, nullable=False),
        sa.Column("cash", usd, nullable=False),
        sa.Column("trade_id", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "seq", "ts_event", name="pk_cash_movements"),
    )
    op.create_table(
        "daily_close",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("ts_event", sa.BigInteger, nullable=False),
        sa.Column("opening_equity", usd, nullable=False),
        sa.Column("equity", usd, nullable=False),
        sa.Column("cash", usd, nullable=False),
        sa.Column("moved", usd, nullable=False),
        sa.Column("net_pnl", usd, nullable=False),
        sa.Column("commission", usd, nullable=False),
        sa.Column("fees", usd, nullable=False),
        sa.Column("fills", sa.BigInteger, nullable=False),
        sa.Column("trades", sa.BigInteger, nullable=False),
        sa.Column("wins", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "day", name="pk_daily_close"),
    )
    op.create_table(
        "equity_snapshots",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("ts", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("cash", usd, nullable=False),
        sa.Column("equity", usd, nullable=False),
        sa.Column("exposure", sa.Double, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("run_id", "ts", "seq", name="pk_equity_snapshots"),
    )
    op.create_table(
        "signals",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("ts_event", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("ts_init", sa.BigInteger, nullable=False),
        sa.Column("trade_id", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("side", sa.BigInteger, nullable=False),
        sa.Column("candidate_ts", sa.BigInteger, nullable=False),
        sa.Column("ac_z", sa.Double, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("params_version", sa.BigInteger, nullable=False),
        sa.Column("reference_price", usd, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("notional", usd, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "seq", "ts_event", name="pk_signals"),
    )
    op.create_table(
        "strategies",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("strategy", sa.Text, nullable=False),
        sa.Column("params_version", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("params_hash", sa.Text, nullable=False),
        sa.Column("effective_ns", sa.BigInteger, nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("who", sa.Text),
        sa.Column("because", sa.Text),
        sa.PrimaryKeyConstraint("run_id", "strategy", "params_version", name="pk_strategies"),
    )
    op.create_table(
        "strategy_metrics",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("strategy", sa.Text, nullable=False),
        sa.Column("params_version", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("trades", sa.BigInteger, nullable=False),
        sa.Column("open_trades", sa.BigInteger, nullable=False),
        sa.Column("net_pnl", usd, nullable=False),
        sa.Column("gross_profit", usd, nullable=False),
        sa.Column("gross_loss", usd, nullable=False),
        sa.Column("commission", usd, nullable=False),
        sa.Column("win_rate", sa.Double),
        sa.Column("expectancy", usd),
        sa.Column("profit_factor", sa.Double),
        sa.Column("trade_sharpe", sa.Double),
        sa.Column("avg_hold_secs", sa.Double),
        sa.Column("slippage_bps", sa.Double),
        sa.Column("mae_pct", sa.Double),
        sa.Column("mfe_pct", sa.Double),
        sa.PrimaryKeyConstraint("run_id", "strategy", "params_version", name="pk_strategy_metrics"),
    )
    op.create_table(
        "projected",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_projected"),
    )
    make_hypertables(connection)


def downgrade() -> None:
    """Drop what follows from facts."""
    for table in (
        "orders",
        "fills",
        "positions",
        "trades",
        "lots",
        "fees",
        "cash_movements",
        "daily_close",
        "equity_snapshots",
        "signals",
        "strategies",
        "strategy_metrics",
        "projected",
    ):
        op.drop_table(table)
