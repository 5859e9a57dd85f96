"""Hop 6: facts and what was made of them, at rest: journals and run directories."""

from store.command_log import CommandLog, is_command_log
from store.database import Database, newest_revision
from store.export import RECORDS, export_journal
from store.journal import SqlJournal
from store.journals import JournalRun, Journals
from store.manifest import JournalHead, RunManifest, RunPlan, RunStatus
from store.provenance import code_hash, engine_version
from store.run import Run
from store.runs import RunStore
from store.tables import EQUITY, FILLS, TRADES, equity_table, fills_table, trades_table

__all__ = [
    "EQUITY",
    "FILLS",
    "RECORDS",
    "TRADES",
    "CommandLog",
    "Database",
    "JournalHead",
    "JournalRun",
    "Journals",
    "Run",
    "RunManifest",
    "RunPlan",
    "RunStatus",
    "RunStore",
    "SqlJournal",
    "code_hash",
    "engine_version",
    "equity_table",
    "export_journal",
    "fills_table",
    "is_command_log",
    "newest_revision",
    "trades_table",
]
