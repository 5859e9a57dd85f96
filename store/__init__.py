"""Hop 6: facts and what was made of them, at rest: journals and run directories."""

from store.archive import archive_run, unarchive_run
from store.backup import back_up, restore
from store.backup_file import BackupManifest, check_backup
from store.command_log import CommandLog, is_command_log
from store.database import Database, newest_revision
from store.export import export_journal
from store.journal import SqlJournal
from store.journals import JournalRun, Journals
from store.manifest import JournalHead, RunManifest, RunPlan, RunStatus
from store.parquet_records import RECORDS
from store.projector import Projector, Rebuilt
from store.provenance import code_hash, engine_version
from store.run import Run
from store.runs import RunStore
from store.table_export import export_table
from store.tables import USD, arrow_schema, arrow_table

__all__ = [
    "RECORDS",
    "USD",
    "BackupManifest",
    "CommandLog",
    "Database",
    "JournalHead",
    "JournalRun",
    "Journals",
    "Projector",
    "Rebuilt",
    "Run",
    "RunManifest",
    "RunPlan",
    "RunStatus",
    "RunStore",
    "SqlJournal",
    "archive_run",
    "arrow_schema",
    "arrow_table",
    "back_up",
    "check_backup",
    "code_hash",
    "engine_version",
    "export_journal",
    "export_table",
    "is_command_log",
    "newest_revision",
    "restore",
    "unarchive_run",
]
