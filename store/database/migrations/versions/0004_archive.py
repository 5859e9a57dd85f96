"""A run's facts may rest in a file beside the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.domain.errors import JournalError

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make room for the name of that file."""
    op.add_column("runs", sa.Column("archive", sa.Text))


def downgrade() -> None:
    """Refuse to forget where facts are."""
    archived = sa.text("select count(*) from runs where archive is not null")
    if runs := op.get_bind().execute(archived).scalar_one():
        raise JournalError(
            f"cannot go back: the facts of {runs} runs are archived; restore a backup of them"
        )
    op.drop_column("runs", "archive")
