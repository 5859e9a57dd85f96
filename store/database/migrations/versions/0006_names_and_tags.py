"""A run may have a name and tags that people gave it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make room for them; runs of earlier versions have none."""
    op.add_column("runs", sa.Column("name", sa.Text, nullable=False, server_default=""))
    op.add_column("runs", sa.Column("tags", sa.Text, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Forget them; the runs keep their ids."""
    op.drop_column("runs", "tags")
    op.drop_column("runs", "name")
