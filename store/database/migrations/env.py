"""How Alembic reaches the database that ``store.Database`` hands it."""

from __future__ import annotations

from alembic import context

from store.database.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
context.run_migrations()
