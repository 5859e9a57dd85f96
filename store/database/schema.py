"""The tables in which facts rest; the migrations make the same ones step by step."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

RUNS = Table(
    "runs",
    METADATA,
    Column("run_id", String(128), primary_key=True),
    Column("status", String(32), nullable=False),
    Column("note", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("ended_ns", BigInteger),
    Column("writer", Text),
    Column("writer_epoch", Integer, nullable=False),
    Column("head_seq", BigInteger, nullable=False),
    Column("head_hash", String(64), nullable=False),
    Column("archive", Text),
    Column("name", Text, nullable=False, server_default=""),
    Column("tags", Text, nullable=False, server_default="[]"),
)
"""One row per run. ``head_seq`` and ``head_hash`` are of its last fact, ``writer`` the process that
may append (JSON, null when none), ``writer_epoch`` how many there have been: a commit whose epoch
is not this one changes nothing. ``archive`` is the file to which its facts have moved; ``name`` and
``tags`` (a JSON list) are what people call it."""

FACTS = Table(
    "facts",
    METADATA,
    Column("run_id", String(128), ForeignKey(RUNS.c.run_id), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ts_event", BigInteger, nullable=False),
    Column("ts_init", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("payload", Text, nullable=False),
    Column("causation_id", BigInteger),
    Column("correlation_id", Text),
    Column("fact_id", Text),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("run_id", "fact_id"),
)
"""One row per ``engine.journal.Record`` of each run."""

LEASES = Table(
    "leases",
    METADATA,
    Column("run_id", String(128), primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("holder", Text),
    Column("beats", BigInteger, nullable=False),
    Column("fenced", Boolean, nullable=False),
    Column("standby", Text),
    Column("standby_beats", BigInteger, nullable=False),
)
"""One row per run that a hub trades on a server: who holds it, who stands by, and how often each
has beaten. A row of its own, for a commit of facts locks that of ``runs``. A standby may be there
before its run. ``fenced``: the holder has said that it sends nothing once its term is over."""
