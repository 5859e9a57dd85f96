"""Hop 6: facts and what was made of them, at rest: journals and run directories."""

from store.journal import SqlJournal
from store.manifest import JournalHead, RunManifest, RunPlan, RunStatus
from store.provenance import code_hash, engine_version
from store.run import Run
from store.runs import RunStore
from store.tables import USD, arrow_schema, arrow_table

__all__ = [
    "USD",
    "JournalHead",
    "Run",
    "RunManifest",
    "RunPlan",
    "RunStatus",
    "RunStore",
    "SqlJournal",
    "arrow_schema",
    "arrow_table",
    "code_hash",
    "engine_version",
]
