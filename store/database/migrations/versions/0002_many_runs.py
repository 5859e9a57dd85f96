"""Facts of many runs, each with one writer at a time and a head that says how long it is."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from engine.domain.errors import JournalError

revision = "0002"
down_revision = "0001"

_FACT_COLUMNS = (
    "seq, ts_event, ts_init, kind, version, payload, causation_id, correlation_id, prev_hash, hash"
)


def upgrade() -> None:
    """Name the run of every fact; the only one there was tells its name in its first fact."""
    connection = op.get_bind()
    op.rename_table("facts", "facts_of_one_run")
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_ns", sa.BigInteger, nullable=False),
        sa.Column("ended_ns", sa.BigInteger),
        sa.Column("writer", sa.Text),
        sa.Column("writer_epoch", sa.Integer, nullable=False),
        sa.Column("head_seq", sa.BigInteger, nullable=False),
        sa.Column("head_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
    )
    op.create_table(
        "facts",
        sa.Column("run_id", sa.String(128), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("ts_event", sa.BigInteger, nullable=False),
        sa.Column("ts_init", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("causation_id", sa.BigInteger),
        sa.Column("correlation_id", sa.Text),
        sa.Column("fact_id", sa.Text),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "seq", name="pk_facts"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_facts_run_id"),
        sa.UniqueConstraint("run_id", "fact_id", name="uq_facts_run_id_fact_id"),
    )
    first = connection.execute(sa.text("select payload from facts_of_one_run where seq = 1"))
    last = connection.execute(
        sa.text("select seq, ts_init, kind, hash from facts_of_one_run order by seq desc limit 1")
    ).one_or_none()
    if last is not None:
        payload = first.scalar_one_or_none()
        run_id = json.loads(payload).get("run_id", "unnamed") if payload else "unnamed"
        ended = last.kind == "run_ended"
        connection.execute(
            sa.text(
                "insert into runs values (:run_id, :status, '', "
                "(select min(ts_init) from facts_of_one_run), :ended, null, 0, :seq, :hash)"
            ),
            {
                "run_id": run_id,
                "status": "Ended" if ended else "Running",
                "ended": last.ts_init if ended else None,
                "seq": last.seq,
                "hash": last.hash,
            },
        )
        connection.execute(
            sa.text(
                f"insert into facts (run_id, {_FACT_COLUMNS}) "
                f"select :run_id, {_FACT_COLUMNS} from facts_of_one_run"
            ),
            {"run_id": run_id},
        )
    op.drop_table("facts_of_one_run")


def downgrade() -> None:
    """Keep the facts of the only run; of several none can be chosen."""
    connection = op.get_bind()
    runs = connection.execute(sa.text("select count(*) from runs")).scalar_one()
    if runs > 1:
        raise JournalError(f"cannot go back to files of one run: there are {runs}; export them")
    named = connection.execute(sa.text("select count(*) from facts where fact_id is not null"))
    if named.scalar_one():
        raise JournalError("cannot go back to facts without ids: their hashes cover them")
    op.rename_table("facts", "facts_of_many_runs")
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
    connection.execute(
        sa.text(f"insert into facts select {_FACT_COLUMNS} from facts_of_many_runs order by seq")
    )
    op.drop_table("facts_of_many_runs")
    op.drop_table("runs")
