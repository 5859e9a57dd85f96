"""Rows of accounting name their strategy, venue and account; shares are exact to 1e-8."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.domain.errors import JournalError

revision = "0005"
down_revision = "0004"

_OWNED = ("orders", "fills", "trades", "lots", "signals", "cash_movements")
"""Tables whose rows are of a strategy."""

_HELD = (*_OWNED, "positions", "fees", "daily_close", "equity_snapshots", "strategy_metrics")
"""Tables whose rows are of an account."""

_SHARES = {
    "orders": ("quantity", "filled_qty"),
    "fills": ("last_qty",),
    "positions": ("quantity",),
    "trades": ("quantity", "open_quantity"),
    "lots": ("quantity",),
    "signals": ("quantity",),
}
_UNITS = 100_000_000


def upgrade() -> None:
    """Say of what there is that it is the acceleration strategy's, in Alpaca's main account."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    usd = sa.Integer() if sqlite else sa.Numeric(24, 6)
    for table in _OWNED:
        nullable = table != "signals"
        op.add_column(
            table,
            sa.Column("strategy_id", sa.Text, nullable=nullable, server_default="acceleration"),
        )
    op.execute("update cash_movements set strategy_id = null where trade_id is null")
    for table in _HELD:
        op.add_column(table, sa.Column("venue", sa.Text, nullable=False, server_default="ALPACA"))
        op.add_column(table, sa.Column("account", sa.Text, nullable=False, server_default="main"))
    for table, column in _shares():
        if sqlite:
            op.execute(f"update {table} set {column} = {column} * {_UNITS}")
        else:
            op.alter_column(table, column, type_=sa.Numeric(28, 8))
    for table in ("trades", "signals"):
        op.execute(f"alter table {table} rename column ac_z to score")
        op.execute(f"update {table} set score = abs(score)")
    for table in ("strategies", "strategy_metrics"):
        op.execute(f"alter table {table} rename column strategy to strategy_id")
        op.execute(f"update {table} set strategy_id = 'acceleration' where strategy_id = 'ao'")
    op.add_column(
        "strategy_metrics", sa.Column("booked_pnl", usd, nullable=False, server_default="0")
    )
    op.execute("update strategy_metrics set booked_pnl = net_pnl")
    op.create_table(
        "strategy_pnl",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("trade_id", sa.Text, nullable=False),
        sa.Column("strategy_id", sa.Text, nullable=False),
        sa.Column("venue", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("is_owner", sa.Boolean, nullable=False),
        sa.Column("strength", sa.Double, nullable=False),
        sa.Column("weight", sa.Double, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("realized_pnl", usd),
        sa.PrimaryKeyConstraint("run_id", "trade_id", "strategy_id", name="pk_strategy_pnl"),
    )
    op.execute(
        "insert into strategy_pnl (run_id, trade_id, strategy_id, venue, account, is_owner, "
        "strength, weight, confidence, realized_pnl) select run_id, trade_id, strategy_id, venue, "
        "account, true, case when score < 8 then score / 8 else 1 end, 1, 1, realized_pnl "
        "from trades where score is not null"
    )


def downgrade() -> None:
    """Forget whose rows they are; refuse where only one strategy, account or whole shares fit."""
    connection = op.get_bind()
    sqlite = connection.dialect.name == "sqlite"
    others = sa.text("select count(*) from strategies where strategy_id <> 'acceleration'")
    elsewhere = sa.text("select count(*) from cash_movements where venue <> 'ALPACA'")
    unit = _UNITS if sqlite else 1
    if connection.execute(others).scalar_one() or connection.execute(elsewhere).scalar_one():
        raise JournalError("cannot go back: rows are of other strategies or venues; export them")
    for table, column in _shares():
        parts = sa.text(f"select count(*) from {table} where {column} % {unit} <> 0")
        if connection.execute(parts).scalar_one():
            raise JournalError(f"cannot go back: {table} has parts of shares; export them")
    op.drop_table("strategy_pnl")
    op.drop_column("strategy_metrics", "booked_pnl")
    for table in ("strategies", "strategy_metrics"):
        op.execute(f"update {table} set strategy_id = 'ao'")
        op.execute(f"alter table {table} rename column strategy_id to strategy")
    for table in ("trades", "signals"):
        op.execute(f"update {table} set score = score * side")
        op.execute(f"alter table {table} rename column score to ac_z")
    for table, column in _shares():
        if sqlite:
            op.execute(f"update {table} set {column} = {column} / {_UNITS}")
        else:
            op.alter_column(table, column, type_=sa.BigInteger())
    for table in _HELD:
        op.drop_column(table, "account")
        op.drop_column(table, "venue")
    for table in _OWNED:
        op.drop_column(table, "strategy_id")


def _shares() -> list[tuple[str, str]]:
    return [(table, column) for table, columns in _SHARES.items() for column in columns]
