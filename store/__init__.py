"""Facts and what was made of them, at rest: journals and run directories."""

from store.backup.archive import archive_run, unarchive_run
from store.backup.backup import back_up, restore
from store.backup.file import BackupManifest, check_backup
from store.database.database import Database
from store.database.revisions import newest_revision
from store.journal.command_log import CommandLog, is_command_log
from store.journal.export import export_journal
from store.journal.journals import JournalRun, Journals
from store.journal.parquet_records import RECORDS
from store.journal.process import Process
from store.journal.run_lease import RunLease
from store.journal.sql_journal import SqlJournal
from store.journal.standby_place import StandbyPlace
from store.journal.verified import verified_facts
from store.runs.labels import UNLABELLED, RunLabels
from store.runs.manifest import JournalHead, RunManifest, RunPlan, RunStatus
from store.runs.provenance import code_hash, days_hash, engine_version
from store.runs.run import Run
from store.runs.runs import RunStore
from store.tables.arrow import USD, arrow_schema, arrow_table, rows_of
from store.tables.export import export_table
from store.tables.projector import Projector, Rebuilt

__all__ = [
    "RECORDS",
    "UNLABELLED",
    "USD",
    "BackupManifest",
    "CommandLog",
    "Database",
    "JournalHead",
    "JournalRun",
    "Journals",
    "Process",
    "Projector",
    "Rebuilt",
    "Run",
    "RunLabels",
    "RunLease",
    "RunManifest",
    "RunPlan",
    "RunStatus",
    "RunStore",
    "SqlJournal",
    "StandbyPlace",
    "archive_run",
    "arrow_schema",
    "arrow_table",
    "back_up",
    "check_backup",
    "code_hash",
    "days_hash",
    "engine_version",
    "export_journal",
    "export_table",
    "is_command_log",
    "newest_revision",
    "restore",
    "rows_of",
    "unarchive_run",
    "verified_facts",
]
