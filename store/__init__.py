"""Hop 6: facts and what was made of them, at rest: journals and run directories."""

from store.archive import archive_run
from store.backup import back_up, restore
from store.backup_file import BackupManifest, check_backup
from store.database import Database, newest_revision
from store.export import export_journal
from store.journal import SqlJournal
from store.journals import JournalRun, Journals
from store.manifest import JournalHead, RunManifest, RunPlan, RunStatus
from store.parquet_records import RECORDS
from store.provenance import code_hash, engine_version
from store.run import Run
from store.runs import RunStore
from store.tables import EQUITY, FILLS, TRADES, equity_table, fills_table, trades_table

__all__ = [
    "EQUITY",
    "FILLS",
    "RECORDS",
    "TRADES",
    "BackupManifest",
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
    "archive_run",
    "back_up",
    "check_backup",
    "code_hash",
    "engine_version",
    "equity_table",
    "export_journal",
    "fills_table",
    "newest_revision",
    "restore",
    "trades_table",
]
