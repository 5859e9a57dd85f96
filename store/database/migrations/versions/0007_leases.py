"""A run on a server has a holder that beats, and may have a standby."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "leases",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("holder", sa.Text),
        sa.Column("beats", sa.BigInteger, nullable=False),
        sa.Column("fenced", sa.Boolean, nullable=False),
        sa.Column("standby", sa.Text),
        sa.Column("standby_beats", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_leases"),
    )


def downgrade() -> None:
    """Forget them: who holds a run is known by its row and lock as before."""
    op.drop_table("leases")
