"""Facts of one run in a file of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table of the first version."""
    op.create_table(
        "facts",
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("ts_event", sa.BigInteger, nullable=False),
        sa.Column("ts_init", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("causation_id", sa.BigInteger),
        sa.Column("correlation_id", sa.Text),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_facts_of_one_run"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("facts")
