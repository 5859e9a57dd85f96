"""Whether catalog and database can be read and written, and how fast they grow."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.doctor.check import Check, failed, passed, warned
from app.runs.engine_runs import is_engine_run
from catalog import Catalog
from catalog.schema import Kind
from engine.domain.counted import counted
from engine.domain.errors import ConfigError, DataError, JournalError, NotFoundError
from engine.domain.session import NANOS_PER_SECOND
from store import Database, Journals, RunStatus, newest_revision
from store.database.refusal import reason

_SAMPLED_DAYS = 5
_WATCHED_DAYS = 30
_DAY_NS = 86_400 * NANOS_PER_SECOND
_MOST_SKEW_SECS, _WRONG_CLOCK_SECS = 0.5, 5.0


def catalog(root: str) -> tuple[Check, float]:
    """Check that the newest parts of a catalog are there; return bytes per market day, too."""
    try:
        source = Catalog.open(root)
        days = source.dates()[-_SAMPLED_DAYS:]
        if not days:
            made = "'tradectl catalog import' or 'tradectl catalog synth' fills it"
            return warned("catalog", f"{root} holds no trades", made), 0
        sizes = [
            manifest.size
            for kind in (Kind.TRADES, Kind.QUOTES, Kind.STATUSES)
            for day, letter in source.partitions.stored(kind)
            if day in days
            and (manifest := source.partitions.manifest(kind, day, letter)) is not None
        ]
        newest = source.letters(days[-1])[0]
        prints = sum(len(batch) for batch in source.trade_batches(days[-1], newest))
    except NotFoundError as error:
        finding, _, remedy = str(error).partition(": ")
        return warned("catalog", finding, remedy), 0
    except (DataError, OSError) as error:
        remedy = "'tradectl catalog verify' names and quarantines what is damaged; import it again"
        return failed("catalog", str(error), remedy), 0
    finding = f"{days[-1]}, letter {newest}: {counted(prints, 'trade')} read"
    return passed("catalog", finding), sum(sizes) / len(days)


class LookedAt:
    """A database as found, without making or changing anything in it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.daily_bytes = 0.0
        """Growth, from the runs of the last thirty days."""

    def checks(self) -> Iterator[Check]:
        """Yield what was found, up to the first thing that hides the rest."""
        try:
            yield from self._checks(Database(self._url))
        except (ConfigError, JournalError, SQLAlchemyError) as error:
            remedy = "start the server, correct --database, or give this user access"
            yield failed("database", reason(error), remedy)

    def _checks(self, database: Database) -> Iterator[Check]:
        revision, newest = database.revision(), newest_revision()
        if revision is None:
            remedy = "the first run makes them, or 'tradectl database migrate'"
            yield warned("database", f"{database} has no tables yet", remedy)
            return
        yield self._writable(database)
        if not database.is_file:
            yield self._durability(database)
            yield self._clock(database)
        if revision != newest:
            finding = f"tables of revision {revision}, this tradectl works with {newest}"
            remedy = "copy the database, then 'tradectl database migrate'"
            yield warned("migrations", finding, remedy)
            return
        yield passed("migrations", f"revision {revision} is the newest")
        yield self._runs(Journals(database))

    def _writable(self, database: Database) -> Check:
        with database.connect() as connection, connection.begin() as nothing:
            connection.execute(text("update runs set note = note where run_id is null"))
            nothing.rollback()
        return passed("database", f"{database} can be read and written")

    def _durability(self, database: Database) -> Check:
        names = ("fsync", "full_page_writes", "synchronous_commit")
        with database.connect() as connection:
            off = [
                name
                for name in names
                if connection.execute(select(func.current_setting(name))).scalar_one() == "off"
            ]
        if off:
            finding = f"{', '.join(off)} off: what was promised may be lost"
            return failed("durability", finding, f"set {', '.join(off)} to on, at the server")
        return passed("durability", f"{', '.join(names)} on")

    def _clock(self, database: Database) -> Check:
        with database.connect() as connection:
            asked = time.time()
            answer = connection.execute(text("select extract(epoch from clock_timestamp())"))
            there = float(answer.scalar_one())
            answered = time.time()
        skew = there - (asked + answered) / 2
        finding = f"the server's clock is {skew:+.3f} s from ours"
        remedy = "run a time service on both machines"
        if abs(skew) > _WRONG_CLOCK_SECS:
            return failed("database clock", finding, remedy)
        if abs(skew) > _MOST_SKEW_SECS:
            return warned("database clock", finding, remedy)
        return passed("database clock", finding)

    def _runs(self, journals: Journals) -> Check:
        runs = journals.runs()
        total = sum(run.facts for run in runs if run.archive is None)
        since = time.time_ns() - _WATCHED_DAYS * _DAY_NS
        recent = [run for run in runs if run.created_ns > since]
        if recent and total:
            days = (time.time_ns() - min(run.created_ns for run in recent)) / _DAY_NS
            daily_facts = sum(run.facts for run in recent) / max(days, 1)
            self.daily_bytes = daily_facts * _size(journals.database) / total
        left = [
            run.run_id
            for run in runs
            if run.status is RunStatus.RUNNING
            and is_engine_run(run.run_id)
            and (run.writer is None or run.writer.is_gone())
        ]
        if left:
            remedy = "'tradectl journal verify RUN' checks each; its host seals it when it is back"
            return warned("runs", f"say Running but nobody writes them: {', '.join(left)}", remedy)
        return passed(
            "runs",
            f"{counted(len(runs), 'run')}, {counted(total, 'fact')} as rows, none left behind",
        )


def _size(database: Database) -> int:
    if database.is_file:
        return database.path.stat().st_size
    with database.connect() as connection:
        return connection.execute(text("select pg_total_relation_size('facts')")).scalar_one()
